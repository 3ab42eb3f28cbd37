import { dependencyGraph } from "../compose/graph.ts";
import type { ProjectModel } from "../compose/model.ts";
import { unknownServices } from "./chosen.ts";
import { serviceOf, subjectOf } from "./containers.ts";
import { dependencies } from "./dependencies.ts";
import { type Draft, draft } from "./draft.ts";
import { labels } from "./labels.ts";
import { imageReference } from "./names.ts";
import { addProvider } from "./offers.ts";
import { orphansOf } from "./orphans.ts";
import type { Observed, ObservedContainer, Planned } from "./plan.ts";
import { addStopStep } from "./stop-step.ts";

export interface DownOptions {
  /** Only these services' containers; empty: all. */
  readonly services?: readonly string[];
  /** Named volumes of the project, and the containers' anonymous ones. */
  readonly volumes?: boolean;
  /** Images too: of all services, or only those that have no name of their own. */
  readonly rmi?: "all" | "local";
  /** Seconds until a container is killed; absent: its own grace period. */
  readonly timeout?: number;
  readonly removeOrphans?: boolean;
}

/**
 * Plans `down`: containers are stopped and removed, dependents before what they depend on, then networks, volumes and images.
 *
 * @param model undefined: only the project's name is known, and everything with its label goes
 */
export function planDown(model: ProjectModel | undefined, observed: Observed, options: DownOptions): Planned {
  const steps = draft(observed.project);
  const orphans = new Set(model === undefined ? [] : orphansOf(observed, model));
  const names = options.services ?? [];
  const errors = unknownServices(model, observed, names);
  if (errors.length > 0) return { plan: steps.plan(), errors, warnings: [], questions: [] };
  const going = observed.containers.filter((container) => {
    if (names.length > 0) return names.includes(serviceOf(container));
    return options.removeOrphans === true || !orphans.has(container) || serviceIsKnown(model, container);
  });
  const hooks = removeHooks(steps, observed, names);
  const removals = [...hooks, ...[...removeContainers(steps, model, observed, going, options).values()].flat()];
  const staying = observed.containers.filter((container) => !going.includes(container));
  if (names.length === 0 || staying.length === 0) {
    removeNetworks(steps, observed, staying, removals);
    if (options.volumes) removeVolumes(steps, model, observed, removals);
  }
  if (options.rmi !== undefined && model !== undefined) removeImages(steps, model, observed, options, removals);
  return { plan: steps.plan(), errors: [], warnings: orphanWarning(staying, orphans), questions: [] };
}

/** An ended one-off of a service that is there counts as an orphan for `up`, but goes with `down`. */
function serviceIsKnown(model: ProjectModel | undefined, container: ObservedContainer): boolean {
  const service = serviceOf(container);
  return model === undefined || model.services.has(service) || model.disabled_services.has(service);
}

function orphanWarning(
  staying: readonly ObservedContainer[],
  orphans: ReadonlySet<ObservedContainer>,
): Planned["warnings"] {
  const left = staying.filter((container) => orphans.has(container)).map((container) => subjectOf(container).name);
  if (left.length === 0) return [];
  const message = `found orphan containers (${left.join(", ")}) for this project`;
  return [{ severity: "warning", code: "orphans", message, hint: "run with --remove-orphans to remove them too" }];
}

/** Adds stops and removals; service → the steps that remove its containers. */
function removeContainers(
  steps: Draft,
  model: ProjectModel | undefined,
  observed: Observed,
  going: readonly ObservedContainer[],
  options: DownOptions,
): ReadonlyMap<string, readonly number[]> {
  const { order, dependents } = dependencyGraph(dependencies(model, observed));
  const byService = Map.groupBy(going, serviceOf);
  const ordered = [...order.flat().toReversed(), ...byService.keys()];
  const down = new Map<string, readonly number[]>();
  const removals = new Map<string, readonly number[]>();
  for (const service of new Set(ordered)) {
    // A service without containers passes on what it would have waited for.
    const before = dependents(service).flatMap((name) => down.get(name) ?? []);
    const provided = model?.services.get(service);
    const isChosen =
      options.services === undefined || options.services.length === 0 || options.services.includes(service);
    if (model !== undefined && provided?.provider !== undefined && isChosen) {
      down.set(service, [addProvider(steps, model, provided, { action: "down", why: "down", after: before })]);
      continue;
    }
    const stops: number[] = [];
    const removed: number[] = [];
    for (const container of byService.get(service) ?? []) {
      const { timeout } = options;
      const stop = addStopStep(steps, model, container, { why: "down", after: before, timeout });
      if (stop !== undefined) stops.push(stop);
      removed.push(
        steps.add({
          op: "remove-container",
          container: { id: container.summary.Id },
          volumes: options.volumes === true,
          // Its restart policy may have started it again since it was looked at.
          force: true,
          subject: subjectOf(container),
          why: "down",
          after: stop === undefined ? before : [stop],
        }),
      );
    }
    down.set(service, stops.length > 0 ? stops : before);
    removals.set(service, removed);
  }
  return removals;
}

/** What pre_start hooks have left: they are on the networks too. */
function removeHooks(steps: Draft, { hooks = [] }: Observed, services: readonly string[]): readonly number[] {
  const going = hooks.filter((hook) => services.length === 0 || services.includes(serviceOf(hook)));
  return going.map((hook) =>
    steps.add({
      op: "remove-container",
      container: { id: hook.summary.Id },
      volumes: true,
      force: true,
      subject: subjectOf(hook),
      why: "down",
      after: [],
    }),
  );
}

function removeNetworks(
  steps: Draft,
  observed: Observed,
  staying: readonly ObservedContainer[],
  after: readonly number[],
): void {
  for (const { Id: id, Name: name, Labels } of observed.networks) {
    if (Labels?.[labels.project] !== observed.project) continue;
    const isUsed = staying.some(({ summary }) =>
      Object.values(summary.NetworkSettings?.Networks ?? {}).some(({ NetworkID }) => NetworkID === id),
    );
    const subject = { kind: "network", name } as const;
    // Something that is not the project's may be on it: then it stays, as with docker compose.
    if (!isUsed) steps.add({ op: "remove-network", network: id, subject, why: "down", after, optional: true });
  }
}

function removeVolumes(
  steps: Draft,
  model: ProjectModel | undefined,
  observed: Observed,
  after: readonly number[],
): void {
  const declared = new Set(
    [...(model?.volumes.values() ?? [])].filter(({ external }) => !external).map(({ name }) => name),
  );
  for (const { Name: name, Labels } of observed.volumes) {
    const isOurs = Labels?.[labels.project] === observed.project;
    if (model === undefined ? !isOurs : !declared.has(name)) continue;
    const subject = { kind: "volume", name } as const;
    steps.add({ op: "remove-volume", volume: name, subject, why: "down --volumes", after, optional: true });
  }
}

function removeImages(
  steps: Draft,
  model: ProjectModel,
  observed: Observed,
  options: DownOptions,
  after: readonly number[],
): void {
  const references = new Set<string>();
  for (const service of model.services.values()) {
    if (options.rmi === "all" || service.image === undefined) references.add(imageReference(model, service));
  }
  let before = after;
  for (const reference of references) {
    if (!observed.images.has(reference)) continue;
    const subject = { kind: "image", name: reference } as const;
    const why = `down --rmi ${options.rmi}`;
    // Another project may use it. One after the other: dockerd trips over two that lose a common parent at once.
    before = [steps.add({ op: "remove-image", reference, subject, why, after: before, optional: true })];
  }
}
