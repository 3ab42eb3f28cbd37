/** Tells the switchboard what the model says of names and ports. */

import { formatAddress } from "../../network/address.ts";
import type { NamedContainer, SwitchboardState } from "../../network/switchboard-state.ts";
import type { EndpointSettings } from "../api.ts";
import type { Sandbox } from "../daemon/rooms.ts";
import { endpointsIn, type Floor } from "./floor.ts";
import { outwardEndpoint, proxiedOf, publishedOf } from "./ports.ts";
import { isDefaultBridge, type NetworkRecord, poolsOf } from "./record.ts";

/** The switchboard has the model when it resolves; the ports that it could not have, with the reason. */
export async function syncSwitchboard(floor: Floor): Promise<ReadonlyMap<string, string>> {
  const state = switchboardState(floor);
  // Most daemons' first containers wait for nothing: there is no switchboard yet, and none is needed.
  if (!floor.switchboard.used && state.resolvers.length === 0 && state.ports.length === 0) return new Map();
  const { resolvers, refused } = await floor.switchboard.apply(state);
  const changed = Object.entries(resolvers).filter(([network, port]) => floor.resolvers.get(network) !== port);
  floor.resolvers.clear();
  for (const [network, port] of Object.entries(resolvers)) floor.resolvers.set(network, port);
  if (changed.length > 0) await floor.switchboard.note(switchboardState(floor));
  return new Map(refused.map(({ port, code }) => [port, code]));
}

export function switchboardState(floor: Floor): SwitchboardState {
  const sandboxes = [...floor.sandboxes.values()];
  const published = sandboxes.flatMap((sandbox) => publishedOf(sandbox, (id) => floor.records.get(id)));
  return {
    resolvers: [...floor.records.all.values()]
      .filter((network) => hasResolver(floor, network))
      .map((network) => ({
        network: network.id,
        name: network.name,
        listen: listeningAddresses(network),
        port: floor.resolvers.get(network.id) ?? 0,
      })),
    containers: sandboxes.flatMap((sandbox) => namedContainer(floor, sandbox) ?? []),
    ports: proxiedOf(published),
  };
}

/** From its first container on: the port stays, and the firewall with it. */
const hasResolver = (floor: Floor, network: NetworkRecord) =>
  network.driver === "bridge" &&
  !isDefaultBridge(network) &&
  (floor.resolvers.has(network.id) || !endpointsIn(floor, network.id).next().done);

/** The bridge's IPv4 address, to which 127.0.0.11 leads; without IPv4 the other one. */
function listeningAddresses(network: NetworkRecord): string[] {
  const gateways = poolsOf(network).flatMap(({ gateway }) => gateway ?? []);
  const gateway = gateways.find(({ family }) => family === 4) ?? gateways[0];
  return gateway === undefined ? [] : [formatAddress(gateway)];
}

function namedContainer(floor: Floor, sandbox: Sandbox): NamedContainer | undefined {
  const named = Object.values(sandbox.endpoints).filter(({ DNSNames }) => DNSNames != null);
  if (named.length === 0) return undefined;
  const { dns } = sandbox.request;
  return {
    id: sandbox.id,
    servers: dns?.servers ?? [],
    internal: outwardEndpoint(sandbox, (id) => floor.records.get(id)) === undefined,
    wholeNamesOnly: dns?.options.some((option) => /^ndots:[1-9]/.test(option)) ?? false,
    endpoints: named.map(({ NetworkID = "", IPAddress, GlobalIPv6Address, DNSNames, Links }) => ({
      network: NetworkID,
      addresses: [IPAddress, GlobalIPv6Address].flatMap((address) => address || []),
      names: DNSNames ?? [],
      links: readLinks(Links),
    })),
  };
}

function readLinks(links: EndpointSettings["Links"]): (readonly [string, string])[] {
  return (links ?? []).map((link) => {
    const [target = "", alias = target] = link.split(":");
    return [alias, target];
  });
}
