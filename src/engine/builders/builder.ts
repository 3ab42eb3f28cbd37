/** What the ways of building have in common. */

import type { EngineClient } from "../client.ts";
import type { Environment } from "../docker-config.ts";

/** Takes what is to be said of a build. `id`: of a part of it, such as a layer. */
export interface Tell {
  readonly progress: (progress: { text: string; id?: string; current?: number; total?: number }) => void;
  readonly warning: (text: string) => void;
}

export interface BuildMeans extends Tell {
  readonly engine: EngineClient;
  /** With it docker's own programs find the same engine. */
  readonly environment: Environment;
  readonly signal?: AbortSignal;
}
