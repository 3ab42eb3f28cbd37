import type { ProjectModel } from "../compose/model.ts";
import { chosenContainers, unknownServices } from "./chosen.ts";
import { isRunning, subjectOf } from "./containers.ts";
import { draft } from "./draft.ts";
import type { Observed, Planned } from "./plan.ts";

/**
 * Plans `pause` and `unpause`: every container that has a process, at once. Whether it is paused already is the
 * engine's to say, and an error, as with docker compose.
 *
 * @param model undefined: only the project's name is known
 */
export function planPause(
  model: ProjectModel | undefined,
  observed: Observed,
  {
    op,
    services = [],
  }: { readonly op: "pause-container" | "unpause-container"; readonly services?: readonly string[] },
): Planned {
  const steps = draft(observed.project);
  const errors = unknownServices(model, observed, services);
  const chosen = errors.length > 0 ? [] : [...chosenContainers(observed, services).values()].flat().filter(isRunning);
  for (const container of chosen) {
    const why = op === "pause-container" ? "pause" : "unpause";
    steps.add({ op, container: { id: container.summary.Id }, subject: subjectOf(container), why, after: [] });
  }
  return { plan: steps.plan(), errors, warnings: [], questions: [] };
}
