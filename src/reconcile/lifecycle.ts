import { dependencyGraph } from "../compose/graph.ts";
import type { ProjectModel } from "../compose/model.ts";
import type { Diagnostic } from "../errors.ts";
import { hasCompleted, healthOf, isOneOff, isRunning, serviceOf, subjectOf } from "./containers.ts";
import { dependencies, stopStep } from "./down.ts";
import { draft } from "./draft.ts";
import { hookRequest } from "./hooks.ts";
import type { Observed, ObservedContainer, Planned } from "./plan.ts";

/** Which containers a verb works on. `model` is undefined when only the project's name is known. */
export interface LifecycleOptions {
  /** Empty: all. */
  readonly services?: readonly string[];
  /** Seconds until a container is killed; absent: its own grace period. */
  readonly timeout?: number;
}

/** Plans `stop`: running containers, dependents before what they depend on. */
export function planStop(model: ProjectModel | undefined, observed: Observed, options: LifecycleOptions): Planned {
  const steps = draft(observed.project);
  const graph = dependencyGraph(dependencies(model, observed));
  const chosen = Map.groupBy(choose(observed, options), serviceOf);
  const stopped = new Map<string, readonly number[]>();
  for (const service of inOrder(graph.order, chosen.keys()).toReversed()) {
    const after = graph.dependents(service).flatMap((name) => stopped.get(name) ?? []);
    const stops = (chosen.get(service) ?? []).flatMap(
      (container) => stopStep(steps, model, container, "stop", options.timeout, after) ?? [],
    );
    stopped.set(service, stops.length > 0 ? stops : after);
  }
  return done(steps.plan());
}

export interface StartOptions extends LifecycleOptions {
  /** Wait until everything runs or is healthy. */
  readonly wait?: boolean;
  /** Milliseconds. */
  readonly waitTimeout?: number;
}

/** Plans `start`: containers that do not run, behind what they depend on, with the conditions of the files. */
export function planStart(model: ProjectModel | undefined, observed: Observed, options: StartOptions): Planned {
  const steps = draft(observed.project);
  const graph = dependencyGraph(dependencies(model, observed));
  const chosen = Map.groupBy(choose(observed, options), serviceOf);
  const missing = missingServices(model, observed, options);
  if (missing.length > 0) return { ...done(steps.plan()), errors: missing };
  const ready = new Map<string, { container: ObservedContainer; step: number | undefined }[]>();
  const waits = new Map<string, number>();

  const wait = (
    { container, step }: { container: ObservedContainer; step: number | undefined },
    condition: "healthy" | "completed" | "running_or_healthy",
    why: string,
    timeout?: number,
  ): number => {
    const key = `${condition}/${container.summary.Id}`;
    const known = waits.get(key);
    if (known !== undefined) return known;
    const id = steps.add({
      op: "wait-container",
      container: { id: container.summary.Id },
      condition,
      subject: subjectOf(container),
      why,
      after: step === undefined ? [] : [step],
      ...(timeout !== undefined && { timeout }),
    });
    waits.set(key, id);
    return id;
  };

  const conditions = (service: string): readonly number[] =>
    [...(model?.services.get(service)?.depends_on ?? [])].flatMap(([name, { condition }]) =>
      (ready.get(name) ?? []).flatMap((entry) => {
        const why = `"${service}" depends on "${name}" (${condition})`;
        if (condition === "service_healthy") {
          const isSettled = entry.step === undefined && healthOf(entry.container) === "healthy";
          return isSettled ? [] : [wait(entry, "healthy", why)];
        }
        if (condition === "service_completed_successfully") {
          return entry.step === undefined && hasCompleted(entry.container) ? [] : [wait(entry, "completed", why)];
        }
        return entry.step ?? [];
      }),
    );

  for (const service of inOrder(graph.order, chosen.keys())) {
    const containers = chosen.get(service) ?? [];
    const idle = containers.filter((container) => !isRunning(container));
    const fallback = graph
      .dependencies(service)
      .flatMap((name) => (ready.get(name) ?? []).flatMap(({ step }) => step ?? []));
    const after = idle.length === 0 ? [] : [...fallback, ...conditions(service)];
    ready.set(
      service,
      containers.map((container) => {
        if (isRunning(container)) return { container, step: undefined };
        const target = { id: container.summary.Id };
        const subject = subjectOf(container);
        let step = steps.add({ op: "start-container", container: target, subject, why: "start", after });
        for (const hook of model?.services.get(service)?.post_start ?? []) {
          const request = hookRequest("post_start", hook);
          step = steps.add({
            op: "run-hook",
            container: target,
            hook: request,
            subject,
            why: "post_start",
            after: [step],
          });
        }
        return { container, step };
      }),
    );
  }
  if (options.wait) {
    for (const entry of [...ready.values()].flat()) wait(entry, "running_or_healthy", "--wait", options.waitTimeout);
  }
  return done(steps.plan());
}

export interface RestartOptions extends LifecycleOptions {
  /** Leave dependents with `restart: true` alone. */
  readonly noDeps?: boolean;
}

/** Plans `restart`: what depends on a restarted service with `restart: true` is restarted behind it. */
export function planRestart(model: ProjectModel | undefined, observed: Observed, options: RestartOptions): Planned {
  const steps = draft(observed.project);
  const edges = dependencies(model, observed);
  const graph = dependencyGraph(edges);
  const chosen = new Set(choose(observed, options).map(serviceOf));
  const missing = missingServices(model, observed, options);
  if (missing.length > 0) return { ...done(steps.plan()), errors: missing };
  const restarted = new Map<string, readonly number[]>();
  for (const service of inOrder(graph.order, new Set(observed.containers.map(serviceOf)))) {
    const causes = [...(edges.get(service)?.depends_on ?? [])].filter(
      ([name, { restart }]) => restart === true && restarted.has(name),
    );
    const isCaused = options.noDeps !== true && causes.length > 0;
    if (!chosen.has(service) && !isCaused) continue;
    const why = chosen.has(service) ? "restart" : `"${causes[0]?.[0]}" is restarted`;
    const after = graph.dependencies(service).flatMap((name) => restarted.get(name) ?? []);
    const containers = observed.containers.filter(
      (container) => serviceOf(container) === service && !isOneOff(container),
    );
    restarted.set(
      service,
      containers.map((container) =>
        steps.add({
          op: "restart-container",
          container: { id: container.summary.Id },
          subject: subjectOf(container),
          why,
          after,
          ...(options.timeout !== undefined && { timeout: options.timeout }),
        }),
      ),
    );
  }
  return done(steps.plan());
}

/** Plans `kill`: a signal to every running container, at once. */
export function planKill(
  observed: Observed,
  options: Pick<LifecycleOptions, "services"> & { readonly signal?: string },
): Planned {
  const steps = draft(observed.project);
  for (const container of choose(observed, options).filter(isRunning)) {
    steps.add({
      op: "kill-container",
      container: { id: container.summary.Id },
      subject: subjectOf(container),
      why: "kill",
      after: [],
      ...(options.signal !== undefined && { signal: options.signal }),
    });
  }
  return done(steps.plan());
}

function choose(observed: Observed, { services = [] }: LifecycleOptions): readonly ObservedContainer[] {
  return observed.containers.filter(
    (container) => !isOneOff(container) && (services.length === 0 || services.includes(serviceOf(container))),
  );
}

/** Services in the order of their dependencies; those that the graph does not know come last. */
function inOrder(order: readonly (readonly string[])[], services: Iterable<string>): readonly string[] {
  return [...new Set([...order.flat(), ...services])];
}

/** A service that was asked for, by name or by leaving names out, must have a container. */
function missingServices(
  model: ProjectModel | undefined,
  observed: Observed,
  options: LifecycleOptions,
): readonly Diagnostic[] {
  const names = options.services ?? [];
  const wanted = names.length > 0 ? names : observed.containers.length === 0 ? [...(model?.services.keys() ?? [])] : [];
  return wanted
    .filter((name) => !observed.containers.some((container) => serviceOf(container) === name && !isOneOff(container)))
    .map((name) => ({
      severity: "error",
      code: "no-container",
      message: `service "${name}" has no container to start`,
      hint: "create it with `gantry up`",
    }));
}

function done(plan: Planned["plan"]): Planned {
  return { plan, errors: [], warnings: [], questions: [] };
}
