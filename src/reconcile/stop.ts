import { dependencyGraph } from "../compose/graph.ts";
import type { ProjectModel } from "../compose/model.ts";
import { type ChosenOptions, chosenContainers, inOrder, unknownServices } from "./chosen.ts";
import { dependencies } from "./dependencies.ts";
import { draft } from "./draft.ts";
import { addProvider } from "./offers.ts";
import type { Observed, Planned } from "./plan.ts";
import { addStopStep } from "./stop-step.ts";

/**
 * Plans `stop`: running containers, dependents before what they depend on.
 *
 * @param model undefined: only the project's name is known; order and dependencies come from the containers' labels
 */
export function planStop(model: ProjectModel | undefined, observed: Observed, options: ChosenOptions): Planned {
  const steps = draft(observed.project);
  const graph = dependencyGraph(dependencies(model, observed));
  const errors = unknownServices(model, observed, options.services);
  if (errors.length > 0) return { plan: steps.plan(), errors, warnings: [], questions: [] };
  const chosen = chosenContainers(observed, options.services);
  const stopped = new Map<string, readonly number[]>();
  for (const service of inOrder(graph.order, chosen).toReversed()) {
    // A service of which nothing runs passes on what it would have waited for.
    const after = graph.dependents(service).flatMap((name) => stopped.get(name) ?? []);
    const provided = model?.services.get(service);
    const isAsked =
      options.services === undefined || options.services.length === 0 || options.services.includes(service);
    if (model !== undefined && provided?.provider !== undefined && isAsked) {
      stopped.set(service, [addProvider(steps, model, provided, { action: "stop", why: "stop", after })]);
      continue;
    }
    const { timeout } = options;
    const stops = (chosen.get(service) ?? []).flatMap(
      (container) => addStopStep(steps, model, container, { why: "stop", after, timeout }) ?? [],
    );
    stopped.set(service, stops.length > 0 ? stops : after);
  }
  return { plan: steps.plan(), errors: [], warnings: [], questions: [] };
}
