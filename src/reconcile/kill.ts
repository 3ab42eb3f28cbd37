import type { ProjectModel } from "../compose/model.ts";
import { chosenContainers, unknownServices } from "./chosen.ts";
import { isRunning, subjectOf } from "./containers.ts";
import { draft } from "./draft.ts";
import type { Observed, Planned } from "./plan.ts";

export interface KillOptions {
  /** Empty: all. */
  readonly services?: readonly string[];
  /** `SIGHUP`, `HUP` or a number; absent: SIGKILL. */
  readonly signal?: string;
}

/**
 * Plans `kill`: a signal to every running container, at once.
 *
 * @param model undefined: only the project's name is known
 */
export function planKill(
  model: ProjectModel | undefined,
  observed: Observed,
  { services, signal }: KillOptions,
): Planned {
  const steps = draft(observed.project);
  const errors = unknownServices(model, observed, services);
  if (errors.length > 0) return { plan: steps.plan(), errors, warnings: [], questions: [] };
  for (const container of [...chosenContainers(observed, services).values()].flat().filter(isRunning)) {
    steps.add({
      op: "kill-container",
      container: { id: container.summary.Id },
      subject: subjectOf(container),
      why: signal === undefined ? "kill" : `kill --signal ${signal}`,
      after: [],
      ...(signal !== undefined && { signal }),
    });
  }
  return { plan: steps.plan(), errors: [], warnings: [], questions: [] };
}
