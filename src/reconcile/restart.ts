import { dependencyGraph } from "../compose/graph.ts";
import type { ProjectModel } from "../compose/model.ts";
import { type ChosenOptions, chosenContainers, inOrder, missingContainers } from "./chosen.ts";
import { addConditions, type Conditions } from "./conditions.ts";
import { isRunning, subjectOf } from "./containers.ts";
import { dependencies } from "./dependencies.ts";
import { draft } from "./draft.ts";
import { addHooks } from "./hooks.ts";
import { type Placed, unsettled } from "./placed.ts";
import type { Observed, Planned } from "./plan.ts";

export interface RestartOptions extends ChosenOptions {
  /** Leave dependents with `restart: true` alone. */
  readonly noDeps?: boolean;
}

/**
 * Plans `restart`: what depends on a restarted service with `restart: true` is restarted too. A service is restarted behind
 * those of its dependencies that are, when their conditions hold again; its pre_stop and post_start hooks are run.
 *
 * @param model undefined: only the project's name is known; dependencies come from the containers' labels
 */
export function planRestart(model: ProjectModel | undefined, observed: Observed, options: RestartOptions): Planned {
  const edges = dependencies(model, observed);
  const state: Conditions = { draft: draft(observed.project), placed: new Map(), waits: new Map() };
  // As docker compose: nothing to restart is no error, a name that has nothing to restart is.
  const errors = options.services?.length ? missingContainers(model, observed, options.services) : [];
  if (errors.length > 0) return { plan: state.draft.plan(), errors, warnings: [], questions: [] };
  const chosen = chosenContainers(observed, options.services);
  const all = chosenContainers(observed);
  for (const name of inOrder(dependencyGraph(edges).order, all)) {
    const dependsOn = edges.get(name)?.depends_on;
    const cause = [...(dependsOn ?? [])].find(([other, { restart }]) => restart === true && state.placed.has(other));
    const isCaused = cause !== undefined && options.noDeps !== true;
    if (!chosen.has(name) && !isCaused) continue;
    const why = chosen.has(name) ? "restart" : `"${cause?.[0]}" is restarted`;
    const conditions = addConditions(state, { name, ...edges.get(name) });
    const service = model?.services.get(name);
    const placed = (all.get(name) ?? []).map((container): Placed => {
      const target = { id: container.summary.Id };
      const at = { container: target, subject: subjectOf(container) };
      const before = isRunning(container)
        ? addHooks(state.draft, "pre_stop", service, { ...at, after: conditions })
        : conditions;
      const { timeout } = options;
      const restart = state.draft.add({
        ...at,
        op: "restart-container",
        why,
        after: before,
        ...(timeout !== undefined && { timeout }),
      });
      const ready = addHooks(state.draft, "post_start", service, { ...at, after: [restart] });
      return { subject: at.subject, target, ready, starts: true, settled: unsettled };
    });
    state.placed.set(name, placed);
  }
  return { plan: state.draft.plan(), errors: [], warnings: [], questions: [] };
}
