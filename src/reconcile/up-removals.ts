import type { EndpointSettings } from "../engine/api.ts";
import { isRunning, serviceOf, subjectOf } from "./containers.ts";
import { hookRequest } from "./hooks.ts";
import type { Observed, ObservedContainer } from "./plan.ts";
import type { ResourcePlan } from "./up-resources.ts";
import type { UpState } from "./up-state.ts";

/** Adds the step that stops an existing container, unless it does not run or is stopped already; its number, if any. */
export function addStop(
  state: UpState,
  container: ObservedContainer,
  why: string,
  after: readonly number[],
): number | undefined {
  const { draft, options, stopped, freedPorts } = state;
  const { Id: id, Ports: ports } = container.summary;
  const known = stopped.get(id);
  if (known !== undefined || !isRunning(container)) return known;
  const subject = subjectOf(container);
  let before = after;
  for (const hook of state.model.services.get(serviceOf(container))?.pre_stop ?? []) {
    before = [
      draft.add({
        op: "run-hook",
        container: { id },
        hook: hookRequest("pre_stop", hook),
        subject,
        why: "pre_stop",
        after: before,
      }),
    ];
  }
  const step = draft.add({
    op: "stop-container",
    container: { id },
    subject,
    why,
    after: before,
    ...(options.timeout !== undefined && { timeout: options.timeout }),
  });
  stopped.set(id, step);
  for (const { Type: type, PublicPort: port } of ports) if (port !== undefined) freedPorts.set(`${type}/${port}`, step);
  return step;
}

/** Adds the steps that stop and remove an existing container; the number of the last. */
export function addRemoval(
  state: UpState,
  container: ObservedContainer,
  why: string,
  after: readonly number[] = [],
): number {
  const { draft, removed } = state;
  const { Id: id } = container.summary;
  const known = removed.get(id);
  if (known !== undefined) return known;
  const stop = addStop(state, container, why, after);
  const step = draft.add({
    op: "remove-container",
    container: { id },
    volumes: false,
    subject: subjectOf(container),
    why,
    after: stop === undefined ? after : [stop],
  });
  removed.set(id, step);
  return step;
}

/** Adds the removal of everything that is too many. */
export function addRemovals(state: UpState): void {
  for (const decisions of state.decisions.values()) {
    for (const decision of decisions) {
      if (decision.fate === "remove") addRemoval(state, decision.container, decision.why);
    }
  }
}

/** What stands in the way of networks and volumes that are made anew. */
export interface Detached {
  /** Network id → the steps after which nothing runs on it. */
  readonly stops: ReadonlyMap<string, readonly number[]>;
  /** Volume name → the steps after which nothing uses it. */
  readonly removals: ReadonlyMap<string, readonly number[]>;
  /** Containers of services that are not planned, taken off a network: they get back onto it. */
  readonly bystanders: readonly Bystander[];
}

interface Bystander {
  readonly container: ObservedContainer;
  readonly network: string;
  readonly endpoint: EndpointSettings;
}

/** Adds the steps that take containers off networks and volumes that are made anew. */
export function detachContainers(
  state: UpState,
  resources: ResourcePlan,
  renewedVolumes: ReadonlySet<string>,
): Detached {
  const stops = new Map<string, readonly number[]>();
  const removals = new Map<string, readonly number[]>();
  const bystanders: Bystander[] = [];
  for (const name of renewedVolumes) {
    const users = state.observed.containers.filter(({ summary }) => summary.Mounts.some(({ Name }) => Name === name));
    removals.set(
      name,
      users.map((container) => addRemoval(state, container, `volume ${name} is made anew`)),
    );
  }
  for (const [name, { replaces }] of resources.networks) {
    if (replaces === undefined) continue;
    const steps: number[] = [];
    for (const { container, endpoint } of attachedTo(state.observed, replaces.Id)) {
      const stop = addStop(state, container, `network ${name} is made anew`, []);
      if (stop !== undefined) steps.push(stop);
      if (state.decisions.has(serviceOf(container)) || state.removed.has(container.summary.Id)) continue;
      bystanders.push({ container, network: name, endpoint });
      steps.push(
        state.draft.add({
          op: "disconnect-network",
          network: replaces.Id,
          container: { id: container.summary.Id },
          subject: subjectOf(container),
          why: `network ${name} is made anew`,
          after: stop === undefined ? [] : [stop],
        }),
      );
    }
    stops.set(replaces.Id, steps);
  }
  return { stops, removals, bystanders };
}

/** Puts bystanders back onto the new network, under the names that they had, and starts those that ran. */
export function reattachContainers(state: UpState, bystanders: readonly Bystander[]): void {
  for (const { container, network, endpoint } of bystanders) {
    const { Id: id } = container.summary;
    const created = state.networkSteps.get(network);
    const why = `network ${network} is made anew`;
    const subject = subjectOf(container);
    const step = state.draft.add({
      op: "connect-network",
      network,
      container: { id },
      endpoint: { Aliases: endpoint.Aliases ?? null, IPAMConfig: endpoint.IPAMConfig ?? null },
      subject,
      why,
      after: created === undefined ? [] : [created],
    });
    if (isRunning(container))
      state.draft.add({ op: "start-container", container: { id }, subject, why, after: [step] });
  }
}

function attachedTo(
  observed: Observed,
  network: string,
): readonly { readonly container: ObservedContainer; readonly endpoint: EndpointSettings }[] {
  return observed.containers.flatMap((container) =>
    Object.values(container.summary.NetworkSettings?.Networks ?? {})
      .filter((endpoint) => endpoint.NetworkID === network)
      .map((endpoint) => ({ container, endpoint })),
  );
}
