import type { ProjectModel } from "../compose/model.ts";
import { type ChosenOptions, chosenContainers, unknownServices } from "./chosen.ts";
import { isRunning, subjectOf } from "./containers.ts";
import { draft } from "./draft.ts";
import type { Observed, Planned } from "./plan.ts";
import { addStopStep } from "./stop-step.ts";

export interface RemoveOptions extends ChosenOptions {
  /** Those that run too: they are stopped first. */
  readonly stop?: boolean;
  /** Their anonymous volumes too. */
  readonly volumes?: boolean;
}

/**
 * Plans `rm`: containers that do not run are removed.
 *
 * @param model undefined: only the project's name is known
 */
export function planRemove(model: ProjectModel | undefined, observed: Observed, options: RemoveOptions): Planned {
  const { services, timeout, stop, volumes = false } = options;
  const steps = draft(observed.project);
  const errors = unknownServices(model, observed, services);
  const chosen = errors.length > 0 ? [] : [...chosenContainers(observed, services).values()].flat();
  for (const container of chosen.filter((one) => stop === true || !isRunning(one))) {
    const stopped = addStopStep(steps, model, container, { why: "rm --stop", after: [], timeout });
    const target = { id: container.summary.Id };
    const after = stopped === undefined ? [] : [stopped];
    const subject = subjectOf(container);
    // One that its restart policy has started again is not removed.
    steps.add({ op: "remove-container", container: target, volumes, subject, why: "rm", after });
  }
  return { plan: steps.plan(), errors, warnings: [], questions: [] };
}
