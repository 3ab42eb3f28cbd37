import { dependencyGraph } from "../compose/graph.ts";
import type { ProjectModel, Service } from "../compose/model.ts";
import { chosenContainers, inOrder, missingContainers } from "./chosen.ts";
import { addConditions, addFinalWait, type Conditions } from "./conditions.ts";
import { isRunning, subjectOf } from "./containers.ts";
import { dependencies, jobsOf } from "./dependencies.ts";
import { draft } from "./draft.ts";
import { addHooks } from "./hooks.ts";
import { type Placed, settledOf, unsettled } from "./placed.ts";
import type { Observed, ObservedContainer, Planned } from "./plan.ts";

export interface StartOptions {
  /** These, and what they depend on; empty: all. */
  readonly services?: readonly string[];
  /** Wait until everything runs or is healthy. */
  readonly wait?: boolean;
  /** Milliseconds. */
  readonly waitTimeout?: number;
}

/**
 * Plans `start`: containers that do not run, behind what they depend on, with the conditions of the files. What the named
 * services depend on is started too, as docker compose does.
 *
 * @param model undefined: only the project's name is known; dependencies come from the containers' labels
 */
export function planStart(model: ProjectModel | undefined, observed: Observed, options: StartOptions): Planned {
  const edges = dependencies(model, observed);
  const graph = dependencyGraph(edges);
  const jobs = jobsOf(edges);
  const state: Conditions = { draft: draft(observed.project), placed: new Map(), waits: new Map() };
  const errors = missingContainers(model, observed, options.services);
  if (errors.length > 0) return { plan: state.draft.plan(), errors, warnings: [], questions: [] };
  const chosen = chosenContainers(observed, withDependencies(options.services ?? [], graph.dependencies));
  for (const name of inOrder(graph.order, chosen)) {
    const containers = chosen.get(name) ?? [];
    const after = containers.every(isRunning) ? [] : addConditions(state, { name, ...edges.get(name) });
    const service = model?.services.get(name);
    state.placed.set(
      name,
      containers.map((container) => place(state, service, container, after)),
    );
  }
  if (options.wait) {
    for (const [name, placed] of state.placed) {
      for (const container of placed) addFinalWait(state, container, jobs.has(name), options.waitTimeout);
    }
  }
  return { plan: state.draft.plan(), errors: [], warnings: [], questions: [] };
}

function place(
  { draft }: Conditions,
  service: Service | undefined,
  container: ObservedContainer,
  after: readonly number[],
): Placed {
  const target = { id: container.summary.Id };
  const subject = subjectOf(container);
  if (isRunning(container)) return { subject, target, ready: [], starts: false, settled: settledOf(container) };
  const start = draft.add({ op: "start-container", container: target, subject, why: "start", after });
  const ready = addHooks(draft, "post_start", service, { container: target, subject, after: [start] });
  return { subject, target, ready, starts: true, settled: unsettled };
}

/** The named services and all that they depend on, transitively. */
function withDependencies(
  names: readonly string[],
  dependenciesOf: (service: string) => readonly string[],
): readonly string[] {
  const all = new Set(names);
  for (const name of all) for (const dependency of dependenciesOf(name)) all.add(dependency);
  return [...all];
}
