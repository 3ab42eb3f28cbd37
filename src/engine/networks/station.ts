/** A sandbox as the kernel's side wants it. */

import { type Address, parseAddress } from "../../network/address.ts";
import type { Attachment, Station } from "../../network/model.ts";
import type { EndpointSettings } from "../api.ts";
import type { Sandbox } from "../daemon/rooms.ts";
import { bridgeOf, type NetworkRecord } from "./record.ts";
import { sysctlsOf } from "./sandbox-plan.ts";

type NetworkById = (id: string) => NetworkRecord | undefined;

export function stationOf(sandbox: Sandbox, network: NetworkById): Station {
  return {
    id: sandbox.id,
    netns: sandbox.netns,
    attachments: Object.keys(sandbox.links).flatMap((name) => attachmentOf(sandbox, name, network) ?? []),
    sysctls: new Map(Object.entries(sandbox.request.sysctls)),
  };
}

/** The endpoint in one network; undefined where it has no link, or the network is gone. */
export function attachmentOf(sandbox: Sandbox, name: string, network: NetworkById): Attachment | undefined {
  const endpoint = sandbox.endpoints[name];
  const inside = sandbox.links[name];
  const record = network(endpoint?.NetworkID ?? "");
  if (endpoint === undefined || inside === undefined || record === undefined) return undefined;
  return {
    id: endpoint.EndpointID ?? "",
    bridge: bridgeOf(record),
    inside,
    mac: endpoint.MacAddress ?? "",
    addresses: addressesOf(endpoint),
    priority: endpoint.GwPriority ?? 0,
    sysctls: sysctlsOf(endpoint, inside).settings,
  };
}

/** The endpoint's addresses, IPv4 first. */
export const addressesOf = ({ IPAddress = "", GlobalIPv6Address = "" }: EndpointSettings): Address[] =>
  [IPAddress, GlobalIPv6Address].flatMap((text) => parseAddress(text) ?? []);
