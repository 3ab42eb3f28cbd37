/** What a build is asked for, whatever protocol it came by. */

import type { Source } from "../../errors.ts";
import type { HostConfig, RegistryAuth } from "../api.ts";
import type { Platform } from "../daemon/rooms.ts";
import type { StageResult } from "./build.ts";
import type { Tree } from "./tree.ts";

export interface BuildRequest {
  /** A stage's name or number; absent: the last one. */
  readonly target?: string;
  readonly platform: Platform;
  readonly args: ReadonlyMap<string, string>;
  /** Stages whose steps are done again, whatever the cache has. */
  readonly noCache: "all" | readonly string[];
  /** Base images are looked for at their registries, even those that are here. */
  readonly pull: boolean;
  /** Images whose steps need not be done again. */
  readonly cacheFrom: readonly string[];
  /** Limits, hosts and network of RUN. */
  readonly hostConfig: HostConfig;
  /** What RUN may ask for beyond its sandbox. */
  readonly entitlements: ReadonlySet<Entitlement>;
  readonly sources: BuildSources;
}

export type Entitlement = "network.host" | "security.insecure";

/** Where a build gets what it is made of. Each is asked for only when it is needed, and rejects with EngineError. */
export interface BuildSources {
  dockerfile(): Promise<Source>;
  /**
   * The build context, without what `.dockerignore` names. `paths`: what is wanted of it, with patterns; undefined:
   * everything. More may come than was wanted.
   */
  context(paths: readonly string[] | undefined): Promise<Tree>;
  /** Contexts beside the main one, by name: they go before images and stages of that name. */
  readonly named: ReadonlyMap<string, NamedContext>;
  credentials(registry: string): Promise<RegistryAuth | undefined>;
  /** Undefined where there is none of that ID. */
  secret(id: string): Promise<Buffer | undefined>;
  /** A way to an ssh agent; undefined where there is none of that ID. */
  agent(id: string): Promise<AgentConnector | undefined>;
}

/** Joins a connection to the agent; it ends when either side does. */
export type AgentConnector = (connection: NodeJS.ReadWriteStream & { destroy(): unknown }) => void;

export type NamedContext =
  | { readonly kind: "image"; readonly reference: string; readonly isHere?: boolean }
  | { readonly kind: "files"; readonly tree: () => Promise<Tree> }
  | { readonly kind: "stage"; readonly stage: StageResult };
