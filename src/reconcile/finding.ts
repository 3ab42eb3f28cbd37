import type { Diagnostic } from "../errors.ts";

/**
 * - `unsupported`: the container would not be what the file says; severity error, so that no plan is made;
 * - `needs-newer-engine`: this engine is too old for the attribute, it is left out;
 * - `no-effect`: the attribute means something to a cluster or another system, not to an engine;
 * - `unreadable-file`: a file that the service refers to cannot be read from here.
 */
export type BodyWarningCode = "unsupported" | "needs-newer-engine" | "no-effect" | "unreadable-file";

/**
 * What a planner may find: that the engine does not have what the project needs (`missing-…`, `no-container`), that
 * something stands in the way (`name-taken`, `foreign-resource`, `orphans` …), or that the files ask for what cannot be.
 */
export type FindingCode =
  | BodyWarningCode
  | "fixed-name"
  | "foreign-resource"
  | "missing-container"
  | "missing-image"
  | "missing-network"
  | "missing-volume"
  | "name-taken"
  | "no-container"
  | "no-healthcheck"
  | "orphans"
  | "paused"
  | "undefined-service"
  | "volume-user";

export type Finding = Diagnostic<FindingCode>;
