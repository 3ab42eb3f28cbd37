import type { Span } from "../errors.ts";

/** The container of `run`: made from a service, beside the service's own. */
export interface OneOff {
  /** The service, which the model has as it is run this once. */
  readonly service: string;
  /** The container's name. */
  readonly name: string;
  /** 64 hex digits of its own. */
  readonly slug: string;
  /** Its input is held open, for one who attaches to it. */
  readonly stdin: boolean;
  /** It is on the networks under the service's names too. */
  readonly useAliases: boolean;
  /** The engine removes it when it has ended. */
  readonly autoRemove: boolean;
}

/** What the planner of `up` and `create` must know beyond the project and the engine's state. */
export interface UpOptions {
  /** The version that was agreed with the engine. */
  readonly apiVersion: string;
  /** gantry's own version, for the labels. */
  readonly version: string;
  /** Absolute path of a file-based config or secret → sha256 of its content. */
  readonly fileDigests: ReadonlyMap<string, string>;
  /** Absolute path of a seccomp profile → its text. */
  readonly seccompProfiles?: ReadonlyMap<string, string>;
  /** Where an attribute of the model was written, for warnings and errors. */
  readonly locate?: (path: readonly (string | number)[]) => Span | undefined;
  /** Services named on the command line; empty: all. */
  readonly services?: readonly string[];
  readonly noDeps?: boolean;
  readonly forceRecreate?: boolean;
  readonly noRecreate?: boolean;
  readonly alwaysRecreateDeps?: boolean;
  /** Do not carry anonymous volumes over to replaced containers. */
  readonly renewAnonymousVolumes?: boolean;
  /** Service → how many containers, instead of the file's word. */
  readonly scale?: ReadonlyMap<string, number>;
  readonly removeOrphans?: boolean;
  readonly ignoreOrphans?: boolean;
  /** Create only. */
  readonly noStart?: boolean;
  /** Seconds until a container that is stopped is killed; absent: its own grace period. */
  readonly timeout?: number;
  /** Wait until everything runs or is healthy. */
  readonly wait?: boolean;
  /** Milliseconds. */
  readonly waitTimeout?: number;
  /** Bring up what this container needs, and it, instead of its service. */
  readonly oneOff?: OneOff;
  /** Ids of questions that were answered with yes. */
  readonly accepted?: ReadonlySet<string>;
}
