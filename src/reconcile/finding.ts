import type { Diagnostic } from "../errors.ts";
import type { BodyWarningCode } from "./body-facts.ts";

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
