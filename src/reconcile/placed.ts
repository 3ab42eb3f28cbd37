import { hasCompleted, healthOf, isRunning } from "./containers.ts";
import type { ContainerTarget, ObservedContainer, Subject } from "./plan.ts";

/** A container of a service as it will be, and the steps by which it gets there. */
export interface Placed {
  readonly subject: Subject;
  readonly target: ContainerTarget;
  /** The steps after which it is there, runs, and had its hooks; empty when it needs none. */
  readonly ready: readonly number[];
  /** Whether this plan starts it. */
  readonly starts: boolean;
  /** Whether it stands as it was, and is known to be healthy, to have completed, to run without a health check. */
  readonly settled: { readonly healthy: boolean; readonly completed: boolean; readonly hasNoHealth: boolean };
}

/** What is known of a container that is started: nothing. */
export const unsettled: Placed["settled"] = { healthy: false, completed: false, hasNoHealth: false };

/** What is known of a container that stays as it is. */
export function settledOf(container: ObservedContainer): Placed["settled"] {
  const health = healthOf(container);
  return {
    healthy: health === "healthy",
    completed: hasCompleted(container),
    hasNoHealth: health === undefined && isRunning(container),
  };
}
