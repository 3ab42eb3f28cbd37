/** Published ports: what a container asks for, which ports of the host that can be, and what it has. */

import { type Address, formatAddress, isUnspecified, parseAddress } from "../../network/address.ts";
import type { Published } from "../../network/ruleset.ts";
import type { ProxiedPort } from "../../network/switchboard-state.ts";
import type { EndpointSettings, PortMap } from "../api.ts";
import type { Sandbox } from "../daemon/rooms.ts";
import { badRequest } from "../refusal.ts";
import type { NetworkRecord } from "./record.ts";

/** One port of a container that is to be reached. */
export interface PortWish {
  readonly protocol: Published["protocol"];
  readonly port: number;
  /** At these addresses of the host, with one number at all of them. */
  readonly hosts: readonly Address[];
  /** Nobody asked for these addresses by name: one that the host lacks is left out. */
  readonly everywhere: boolean;
  /** The lowest and the highest number that will do; 0: any. */
  readonly from: number;
  readonly to: number;
}

const everywhere = ["0.0.0.0", "::"];

/** Reads what was asked for. EngineError 400 for what is no port. */
export function readPorts(ports: PortMap, binding: Address | undefined): PortWish[] {
  return Object.entries(ports).flatMap(([key, bindings]) => {
    const [, digits = "", name = "tcp"] = /^(\d{1,5})(?:\/(\w+))?$/.exec(key) ?? [];
    const protocol = (["tcp", "udp", "sctp"] as const).find((known) => known === name.toLowerCase());
    if (protocol === undefined || !isPort(Number(digits)) || digits === "")
      throw badRequest(`invalid port specification: "${key}"`);
    return (bindings ?? []).map(({ HostIp = "", HostPort = "" }) => {
      const host = HostIp === "" ? undefined : parseAddress(HostIp.replace(/^\[(.*)\]$/, "$1"));
      if (HostIp !== "" && host === undefined) throw badRequest(`invalid IP address: ${HostIp}`);
      const asked = host ?? binding;
      const hosts = asked === undefined ? everywhere.flatMap((text) => parseAddress(text) ?? []) : [asked];
      return { protocol, port: Number(digits), hosts, everywhere: asked === undefined, ...readRange(HostPort) };
    });
  });
}

function readRange(text: string): { readonly from: number; readonly to: number } {
  if (text === "" || text === "0") return { from: 0, to: 0 };
  const [, first = "", last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const [from, to] = [Number(first), Number(last || first)];
  if (first === "" || !isPort(from) || !isPort(to) || to < from)
    throw badRequest(`invalid port specification: "${text}"`);
  return { from, to };
}

const isPort = (port: number) => port > 0 && port < 65_536;

/** One port that was given to a container, or is tried. */
export interface Claim {
  readonly protocol: Published["protocol"];
  readonly port: number;
  readonly host: Address;
  readonly hostPort: number;
}

/** Both would have the same port of the host. */
export const collide = (a: Claim, b: Claim): boolean =>
  a.protocol === b.protocol &&
  a.hostPort === b.hostPort &&
  a.host.family === b.host.family &&
  (a.host.value === b.host.value || isUnspecified(a.host) || isUnspecified(b.host));

export function claimsOf({ ports }: Pick<Sandbox, "ports">): Claim[] {
  return Object.entries(ports).flatMap(([key, bindings]) => {
    const [port = "", protocol = "tcp"] = key.split("/");
    return (bindings ?? []).flatMap(({ HostIp = "", HostPort = "" }) => {
      const host = parseAddress(HostIp);
      return host === undefined
        ? []
        : [{ protocol: protocol as Claim["protocol"], port: Number(port), host, hostPort: Number(HostPort) }];
    });
  });
}

/** As the API shows them. */
export function portMapOf(claims: readonly Claim[]): PortMap {
  const map: PortMap = {};
  for (const { protocol, port, host, hostPort } of claims) {
    const key = `${port}/${protocol}`;
    map[key] = [...(map[key] ?? []), { HostIp: formatAddress(host), HostPort: String(hostPort) }];
  }
  return map;
}

/** The endpoint by which the outside comes in: the one with the default route. Undefined: it is in internal networks only. */
export function outwardEndpoint(
  { endpoints }: Pick<Sandbox, "endpoints">,
  network: (id: string) => NetworkRecord | undefined,
): { readonly endpoint: EndpointSettings; readonly network: NetworkRecord } | undefined {
  const outward = Object.values(endpoints).flatMap((endpoint) => {
    const its = network(endpoint.NetworkID ?? "");
    return its === undefined || its.driver !== "bridge" || its.internal ? [] : [{ endpoint, network: its }];
  });
  return outward.toSorted((a, b) => (b.endpoint.GwPriority ?? 0) - (a.endpoint.GwPriority ?? 0))[0];
}

/** Where a sandbox's ports lead. What has no address of the family is reached by the other one, through the proxy. */
export function publishedOf(sandbox: Sandbox, network: (id: string) => NetworkRecord | undefined): Published[] {
  const outward = outwardEndpoint(sandbox, network)?.endpoint;
  const v4 = parseAddress(outward?.IPAddress ?? "");
  const v6 = parseAddress(outward?.GlobalIPv6Address ?? "");
  return claimsOf(sandbox).flatMap(({ protocol, port, host, hostPort }) => {
    const target = host.family === 4 ? (v4 ?? v6) : (v6 ?? v4);
    return target === undefined ? [] : [{ protocol, host, hostPort, target, targetPort: port }];
  });
}

/** What the switchboard holds of them: it knows no SCTP. */
export const proxiedOf = (published: readonly Published[]): ProxiedPort[] =>
  published.flatMap(({ protocol, host, hostPort, target, targetPort }) =>
    protocol === "sctp"
      ? []
      : [{ protocol, host: formatAddress(host), hostPort, target: formatAddress(target), targetPort }],
  );
