import type { EndpointSettings } from "../engine/api.ts";
import { endpointsOf } from "./body-facts.ts";
import { containerSpec } from "./container-body.ts";
import { isOneOff, nameOf, numberOf, serviceOf, subjectOf } from "./containers.ts";
import { bodyFacts } from "./decide.ts";
import type { ObservedContainer } from "./plan.ts";
import { addRemoval, addStop } from "./up-removals.ts";
import type { ResourcePlan } from "./up-resources.ts";
import type { UpState } from "./up-state.ts";

/** What stands in the way of networks and volumes that are made anew. */
export interface Detached {
  /** Network id → the steps after which nothing is on it. */
  readonly stops: ReadonlyMap<string, readonly number[]>;
  /** Volume name → the steps after which nothing uses it. */
  readonly removals: ReadonlyMap<string, readonly number[]>;
  /** Containers that are not planned, and were taken off a network: they get back onto it. */
  readonly bystanders: readonly Bystander[];
}

interface Bystander {
  readonly container: ObservedContainer;
  readonly network: string;
}

/** Adds the steps that take containers off networks and volumes that are made anew. */
export function detachContainers(state: UpState, resources: ResourcePlan): Detached {
  const { observed, draft } = state;
  const stops = new Map<string, readonly number[]>();
  const removals = new Map<string, readonly number[]>();
  const bystanders: Bystander[] = [];
  for (const [name, { replaces }] of resources.volumes) {
    if (!replaces) continue;
    const users = observed.containers.filter(({ summary }) => summary.Mounts.some(({ Name }) => Name === name));
    for (const container of users) {
      if (state.decisions.has(serviceOf(container)) && !isOneOff(container)) continue;
      const message = `container ${nameOf(container.summary)} goes with volume ${name}, and is not made again by this run`;
      state.warnings.push({ severity: "warning", code: "volume-user", message });
    }
    removals.set(
      name,
      users.map((container) => addRemoval(state, container, `volume ${name} is made anew`)),
    );
  }
  const replaced = new Set(
    [...state.decisions.values()]
      .flat()
      .flatMap((decision) => (decision.fate === "replace" ? [decision.container] : [])),
  );
  for (const [name, { replaces }] of resources.networks) {
    if (replaces === undefined) continue;
    const why = `network ${name} is made anew`;
    const steps: number[] = [];
    for (const container of observed.containers.filter((candidate) => isOn(candidate, replaces.Id))) {
      const { Id: id } = container.summary;
      if (replaced.has(container) || state.removed.has(id)) {
        const stop = addStop(state, container, why, []);
        if (stop !== undefined) steps.push(stop);
        continue;
      }
      // What stays goes on running: it is only off the network for a moment.
      const isPlanned = state.decisions.has(serviceOf(container)) && !isOneOff(container);
      if (!isPlanned) bystanders.push({ container, network: name });
      const subject = subjectOf(container);
      steps.push(
        draft.add({ op: "disconnect-network", network: replaces.Id, container: { id }, subject, why, after: [] }),
      );
    }
    stops.set(replaces.Id, steps);
  }
  return { stops, removals, bystanders };
}

function isOn({ summary }: ObservedContainer, network: string): boolean {
  return Object.values(summary.NetworkSettings?.Networks ?? {}).some(({ NetworkID }) => NetworkID === network);
}

/** Puts bystanders back onto the new networks, under the names that they had. */
export function reattachContainers(state: UpState, bystanders: readonly Bystander[]): void {
  for (const { container, network } of bystanders) {
    const made = state.networkSteps.get(network);
    state.draft.add({
      op: "connect-network",
      network,
      container: { id: container.summary.Id },
      endpoint: endpointOf(state, container, network),
      subject: subjectOf(container),
      why: `network ${network} is made anew`,
      after: made === undefined ? [] : [made],
    });
  }
}

/**
 * How a container is on a network: as its service says, where the files have it. The engine's list does not tell
 * aliases; an orphan gets those that every container has.
 */
function endpointOf(state: UpState, container: ObservedContainer, network: string): EndpointSettings {
  const { model, observed, options } = state;
  const name = serviceOf(container);
  const service = model.services.get(name) ?? model.disabled_services.get(name);
  const there = container.summary.NetworkSettings?.Networks?.[network];
  const address = there?.IPAMConfig ? { IPAMConfig: there.IPAMConfig } : {};
  if (isOneOff(container)) return { Aliases: [nameOf(container.summary)], ...address };
  if (service === undefined) return { Aliases: [nameOf(container.summary), name], ...address };
  const facts = bodyFacts(
    { model, observed, options, service },
    numberOf(container),
    (parent) => `container:${parent}`,
  );
  const wanted = endpointsOf(containerSpec(facts)).find((entry) => entry.network === network);
  return wanted?.endpoint ?? { Aliases: [name], ...address };
}
