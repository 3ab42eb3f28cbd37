/** What the steps of one build share. */

import type { ContainerConfig, HostConfig, Progress } from "../api.ts";
import type { Platform, StepRunner } from "../daemon/rooms.ts";
import type { Image } from "../images/catalog.ts";
import type { ImageHistory } from "../images/image-config.ts";
import type { ImagesRoom } from "../images/room.ts";
import type { BuildCache } from "./cache.ts";
import type { CacheMounts } from "./cache-mounts.ts";
import type { Copies } from "./copies.ts";
import type { Dockerfile } from "./dockerfile/parse.ts";
import type { KeyedStep } from "./image-cache.ts";
import type { BuildOutput } from "./output.ts";
import type { BuildPlan, PlannedStage } from "./plan-stages.ts";
import type { BuildSources, Entitlement } from "./request.ts";
import type { Tree } from "./tree.ts";
import type { BuildArguments, StageScope } from "./variables.ts";
import type { Views } from "./views.ts";

export interface Build {
  readonly images: ImagesRoom;
  readonly cache: BuildCache;
  readonly cacheMounts: CacheMounts;
  readonly copies: Copies;
  readonly runner: StepRunner;
  readonly views: Views;
  /** A directory of its own, on the file system of the layers. */
  readonly folder: string;
  readonly sources: BuildSources;
  readonly output: BuildOutput;
  readonly dockerfile: Dockerfile;
  readonly plan: BuildPlan;
  /** Paths of the context that its steps name, with patterns; undefined: not known. */
  readonly wanted: readonly string[] | undefined;
  readonly args: BuildArguments;
  readonly globals: ReadonlyMap<string, string>;
  readonly platform: Platform;
  /** Images whose steps need not be done again. */
  readonly cacheFrom: readonly Image[];
  /** Whether a stage's steps are done again, whatever the cache has. */
  noCache(stage: PlannedStage): boolean;
  /** Base images are looked for at their registries, even those that are here. */
  readonly pull: boolean;
  /** Limits, hosts and network of RUN. */
  readonly hostConfig: HostConfig;
  readonly entitlements: ReadonlySet<Entitlement>;
  readonly signal: AbortSignal;
  /** A stage's result; it is built once, whoever asks. */
  stage(index: number): Promise<StageResult>;
  /** An image to build upon or copy from, pulled where it must be; each once. */
  image(reference: string, platform: Platform, tell: (line: Progress) => void): Promise<StageResult>;
  /** The build context, with all that any of the steps wants of it. */
  context(): Promise<Tree>;
  /** A named context's files. */
  files(name: string): Promise<Tree>;
  /** Files as a directory, made when the first one asks. */
  directoryOf(tree: Tree): Promise<string>;
  /** The layers that it made are kept until it is over. */
  keep(diffId: string): void;
  /** A new path in its folder. */
  temporary(): string;
  /** To be done when it is over. */
  atEnd(close: () => void): void;
}

/** A stage, or an image, as far as it is made. */
export interface StageResult {
  readonly diffIds: readonly string[];
  readonly config: ContainerConfig;
  /** What its layers were made by, for those who take it as a cache. */
  readonly steps: readonly KeyedStep[];
  /** Steps that made no layer have no time of their own. */
  readonly history: readonly ImageHistory[];
  readonly platform: Platform;
  readonly author?: string;
  /** What it has declared; of a stage. */
  readonly scope?: StageScope;
  /** RFC 3339; of an image. */
  readonly created?: string;
  /** Of an image. */
  readonly id?: string;
}
