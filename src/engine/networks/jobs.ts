/** What is asked of the network room, and what each of it means for the model: decided before anything is touched. */

import path from "node:path";
import type { Attachment, Bridge, Station } from "../../network/model.ts";
import type { EndpointSettings } from "../api.ts";
import type { Sandbox, SandboxRequest } from "../daemon/rooms.ts";
import { forbidden, notFound } from "../refusal.ts";
import { addressesIn, endpointsIn, type Floor } from "./floor.ts";
import { outwardEndpoint } from "./ports.ts";
import { bridgeOf, type NetworkRecord, predefined } from "./record.ts";
import { findNetwork, newId } from "./registry.ts";
import { namesOf, type Plan, planEndpoint, planSandbox } from "./sandbox-plan.ts";
import { attachmentOf, stationOf } from "./station.ts";

export type Job =
  | { readonly kind: "open"; readonly request: SandboxRequest }
  | { readonly kind: "close"; readonly id: string }
  | { readonly kind: "join"; readonly id: string; readonly network: string; readonly endpoint: EndpointSettings }
  | { readonly kind: "leave"; readonly id: string; readonly network: string }
  | { readonly kind: "rename"; readonly id: string; readonly name: string }
  | { readonly kind: "create"; readonly record: NetworkRecord }
  | { readonly kind: "remove"; readonly id: string }
  /** Nothing new: what was lost is made again. */
  | { readonly kind: "refresh" };

/** What a job asks of the kernel, and how its place in the model is taken back where that fails. */
export interface Step {
  readonly unmake?: Station;
  readonly detach?: { readonly rest: Station; readonly attachment: Attachment };
  readonly removeBridge?: Bridge;
  readonly makeBridge?: Bridge;
  readonly make?: Station;
  readonly attach?: { readonly whole: Station; readonly attachment: Attachment };
  /** The record's way to the disk: what follows in the kernel waits for it. */
  readonly written?: Promise<void>;
  /** Whose place in the model it is. */
  readonly container?: string;
  readonly undo: () => void;
}

/** Takes a job into the model. Throws an EngineError, and changes nothing, where it cannot be. */
export function decide(floor: Floor, job: Job): Step {
  switch (job.kind) {
    case "open":
      return open(floor, job.request);
    case "close":
      return close(floor, job.id);
    case "join":
      return join(floor, job.id, job.network, job.endpoint);
    case "leave":
      return leave(floor, job.id, job.network);
    case "rename":
      return rename(floor, job.id, job.name);
    case "create":
      return create(floor, job.record);
    case "remove":
      return remove(floor, job.id);
    case "refresh":
      return { undo: () => {} };
  }
}

export const planOn = (floor: Floor): Plan => ({
  networkOf: (name) => findNetwork(floor.records, name),
  inUse: ({ id }) => addressesIn(floor, id),
  newId,
});

/** Where the namespaces of a daemon's containers are pinned. */
export const namespaceFolder = (execRoot: string): string => path.join(execRoot, "netns");

const networkById = (floor: Floor) => (id: string) => floor.records.get(id);

function open(floor: Floor, request: SandboxRequest): Step {
  const { sandboxes, ground } = floor;
  if (sandboxes.has(request.id)) throw forbidden(`container ${request.id} has a network sandbox already`);
  const netns = path.join(namespaceFolder(ground.execRoot), request.id);
  const sandbox = planSandbox(request, netns, planOn(floor));
  sandboxes.set(request.id, sandbox);
  return {
    make: stationOf(sandbox, networkById(floor)),
    container: request.id,
    undo: () => void sandboxes.delete(request.id),
  };
}

function close({ sandboxes, records }: Floor, id: string): Step {
  const sandbox = sandboxes.get(id);
  if (sandbox === undefined) return { undo: () => {} };
  sandboxes.delete(id);
  // What could not be taken away is swept when the daemon starts: the address is not given back into the model.
  return { unmake: stationOf(sandbox, (network) => records.get(network)), undo: () => {} };
}

function join(floor: Floor, id: string, network: string, endpoint: EndpointSettings): Step {
  const before = sandboxOf(floor, id);
  if (Object.hasOwn(before.endpoints, network)) {
    throw forbidden(`endpoint with name ${before.name} already exists in network ${network}`);
  }
  const after = planEndpoint(before, network, endpoint, planOn(floor));
  const attachment = attachmentOf(after, network, networkById(floor));
  return {
    ...replace(floor, before, after),
    ...(attachment !== undefined && { attach: { whole: stationOf(after, networkById(floor)), attachment } }),
  };
}

function leave(floor: Floor, id: string, network: string): Step {
  const before = sandboxOf(floor, id);
  if (!Object.hasOwn(before.endpoints, network)) {
    throw forbidden(`container ${id} is not connected to the network ${network}`);
  }
  const { [network]: _, ...endpoints } = before.endpoints;
  const { [network]: __, ...links } = before.links;
  // Nothing leads to its ports any more: they are anybody's until it is in a network that leads out.
  const ports = outwardEndpoint({ endpoints }, networkById(floor)) === undefined ? {} : before.ports;
  const after = { ...before, endpoints, links, ports };
  const attachment = attachmentOf(before, network, networkById(floor));
  return {
    ...replace(floor, before, after),
    ...(attachment !== undefined && { detach: { rest: stationOf(after, networkById(floor)), attachment } }),
  };
}

function rename(floor: Floor, id: string, name: string): Step {
  const before = sandboxOf(floor, id);
  const renamed = { ...before, name };
  const endpoints = Object.entries(before.endpoints).map(([network, endpoint]) => [
    network,
    endpoint.DNSNames == null ? endpoint : { ...endpoint, DNSNames: namesOf(renamed, endpoint) },
  ]);
  return replace(floor, before, { ...renamed, endpoints: Object.fromEntries(endpoints) });
}

function replace({ sandboxes }: Floor, before: Sandbox, after: Sandbox): Step {
  sandboxes.set(after.id, after);
  return { container: after.id, undo: () => void sandboxes.set(before.id, before) };
}

function sandboxOf({ sandboxes }: Floor, id: string): Sandbox {
  const sandbox = sandboxes.get(id);
  if (sandbox === undefined) throw notFound(`container ${id} has no network sandbox`);
  return sandbox;
}

function create({ records }: Floor, record: NetworkRecord): Step {
  return {
    ...(record.driver === "bridge" && { makeBridge: bridgeOf(record) }),
    written: records.put(record.id, record, { sync: true }),
    undo: () => void records.remove(record.id).catch(() => {}),
  };
}

function remove(floor: Floor, id: string): Step {
  const record = findNetwork(floor.records, id);
  if (predefined.includes(record.name)) {
    throw forbidden(`${record.name} is a pre-defined network and cannot be removed`);
  }
  const members = [...endpointsIn(floor, record.id)].map(
    ({ sandbox, endpoint }) => `name:"${sandbox.name}" id:"${(endpoint.EndpointID ?? "").slice(0, 12)}"`,
  );
  if (members.length > 0) {
    throw forbidden(
      `error while removing network: network ${record.name} has active endpoints (${members.join(", ")})`,
    );
  }
  return { removeBridge: bridgeOf(record), written: floor.records.remove(record.id), undo: () => {} };
}
