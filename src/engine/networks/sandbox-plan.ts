/** From what a container asks of the network to what it gets: addresses and names, decided on plain data. */

import { formatAddress, formatSubnet, parseAddress } from "../../network/address.ts";
import { type AddressPool, isTaken, nextAddress, poolOf } from "../../network/ipam.ts";
import { isLinkName, macFor } from "../../network/link-names.ts";
import type { EndpointSettings } from "../api.ts";
import type { Sandbox, SandboxRequest } from "../daemon/rooms.ts";
import { badRequest, forbidden, internal } from "../refusal.ts";
import { isDefaultBridge, type NetworkRecord, poolsOf } from "./record.ts";

export interface Plan {
  /** By name, ID or beginning of an ID; throws where there is none. */
  readonly networkOf: (name: string) => NetworkRecord;
  /** The addresses of a network's endpoints. */
  readonly inUse: (network: NetworkRecord) => ReadonlySet<bigint>;
  /** 64 hexadecimal digits that nobody had before. */
  readonly newId: () => string;
}

/** The container's side of an endpoint, asked for by a driver option. */
const linkOption = "com.docker.network.endpoint.ifname";
const sysctlOption = "com.docker.network.endpoint.sysctls";

/** Everything but the ports, which are known when they are bound. EngineError 400, 403, 404 for what cannot be. */
export function planSandbox(request: SandboxRequest, netns: string, plan: Plan): Sandbox {
  const { endpoints: _, sysctls: __, ...rest } = request;
  let sandbox: Sandbox = {
    id: request.id,
    name: request.name,
    hostname: request.hostname,
    netns,
    endpoints: {},
    links: {},
    ports: {},
    request: {
      ...rest,
      endpoints: Object.fromEntries(request.endpoints),
      sysctls: Object.fromEntries(request.sysctls),
    },
  };
  for (const [name, settings] of request.endpoints) sandbox = planEndpoint(sandbox, name, settings, plan);
  return sandbox;
}

/** The sandbox with one endpoint more. */
export function planEndpoint(sandbox: Sandbox, name: string, settings: EndpointSettings, plan: Plan): Sandbox {
  const network = plan.networkOf(name);
  checkEndpoint(network, settings);
  const id = plan.newId();
  const endpoint: EndpointSettings = {
    ...settings,
    NetworkID: network.id,
    EndpointID: id,
    ...addressing(network, settings, id, plan.inUse(network)),
    DNSNames: network.driver === "bridge" && !isDefaultBridge(network) ? namesOf(sandbox, settings) : null,
  };
  return {
    ...sandbox,
    endpoints: { ...sandbox.endpoints, [name]: endpoint },
    links: network.driver === "bridge" ? { ...sandbox.links, [name]: insideLink(sandbox, settings) } : sandbox.links,
  };
}

/** By what a container is found in its networks: its name, what the network calls it, its ID's beginning, its hostname. */
export function namesOf(
  { id, name, hostname }: Pick<Sandbox, "id" | "name" | "hostname">,
  { Aliases }: EndpointSettings,
) {
  const names = [name, ...(Aliases ?? []), id.slice(0, 12), hostname];
  return [...new Set(names.filter((text) => text !== ""))];
}

/** What is wrong whatever else there is. EngineError 400 in dockerd's words. */
export function checkEndpoint(network: NetworkRecord, settings: EndpointSettings): void {
  const { IPv4Address = "", IPv6Address = "" } = settings.IPAMConfig ?? {};
  const wrong = [
    ...wrongAddress("IPv4", 4, IPv4Address),
    ...wrongAddress("IPv6", 6, IPv6Address),
    ...(IPv4Address === "" && IPv6Address === "" ? [] : wrongPlace(network, [IPv4Address, IPv6Address])),
    ...((settings.Aliases ?? []).length > 0 && isDefaultBridge(network)
      ? ["network-scoped aliases are only supported for user-defined networks"]
      : []),
    ...wrongMac(settings.MacAddress ?? ""),
    ...wrongLink(settings.DriverOpts?.[linkOption]),
    ...sysctlsOf(settings, "").wrong,
  ];
  if (wrong.length === 0) return;
  const list = wrong.length === 1 ? wrong : wrong.map((message) => `* ${message}`);
  throw badRequest(`invalid endpoint settings:\n${list.join("\n")}`);
}

function wrongAddress(kind: string, family: 4 | 6, text: string): string[] {
  return text === "" || parseAddress(text)?.family === family ? [] : [`invalid ${kind} address: ${text}`];
}

function wrongPlace(network: NetworkRecord, texts: readonly string[]): string[] {
  const addresses = texts.flatMap((text) => parseAddress(text) ?? []);
  if (isDefaultBridge(network)) return ["user specified IP address is supported on user defined networks only"];
  const configured = poolsOf(network).filter(({ subnet }) => !network.ipam.found.includes(formatSubnet(subnet)));
  if (configured.length === 0) {
    return ["user specified IP address is supported only when connecting to networks with user configured subnets"];
  }
  return addresses
    .filter((address) => poolOf(configured, address) === undefined)
    .map((address) => `no configured subnet contains IP address ${formatAddress(address)}`);
}

const wrongMac = (text: string) =>
  text === "" || (/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text) && (Number.parseInt(text.slice(0, 2), 16) & 1) === 0)
    ? []
    : [`invalid MAC address: ${text}`];

const wrongLink = (name: string | undefined) =>
  name === undefined || (isLinkName(name) && name !== "lo") ? [] : [`invalid interface name: ${name}`];

/** The settings of an endpoint's own link: `net.ipv4.conf.IFNAME.log_martians=1`, several with commas in between. */
export function sysctlsOf({ DriverOpts }: EndpointSettings, link: string) {
  const texts = (DriverOpts?.[sysctlOption] ?? "").split(",").filter((text) => text !== "");
  const settings = new Map<string, string>();
  const wrong: string[] = [];
  for (const text of texts) {
    const [, key = "", value = ""] = /^(net\.[a-z0-9]+\.[a-z]+\.IFNAME\.[a-z0-9_]+)=([\w .-]*)$/.exec(text) ?? [];
    if (key === "")
      wrong.push(
        `unrecognised network interface sysctl '${text}'; represent 'net.X.Y.ethN.Z=V' as 'net.X.Y.IFNAME.Z=V'`,
      );
    else settings.set(key.replace("IFNAME", link), value);
  }
  return { settings, wrong };
}

type Addressing = Pick<
  EndpointSettings,
  "Gateway" | "IPAddress" | "IPPrefixLen" | "IPv6Gateway" | "GlobalIPv6Address" | "GlobalIPv6PrefixLen" | "MacAddress"
>;

function addressing(
  network: NetworkRecord,
  settings: EndpointSettings,
  endpoint: string,
  inUse: ReadonlySet<bigint>,
): Addressing {
  const none: Addressing = {
    Gateway: "",
    IPAddress: "",
    IPPrefixLen: 0,
    IPv6Gateway: "",
    GlobalIPv6Address: "",
    GlobalIPv6PrefixLen: 0,
    MacAddress: "",
  };
  if (network.driver !== "bridge") return none;
  const leases = poolsOf(network).map((pool) => ({ pool, address: lease(network, pool, settings, inUse) }));
  const gateway = ({ gateway }: AddressPool) =>
    network.internal || gateway === undefined ? "" : formatAddress(gateway);
  let result = none;
  for (const { pool, address } of leases) {
    const [text, length] = [formatAddress(address), pool.subnet.length];
    result =
      address.family === 4
        ? { ...result, Gateway: gateway(pool), IPAddress: text, IPPrefixLen: length }
        : { ...result, IPv6Gateway: gateway(pool), GlobalIPv6Address: text, GlobalIPv6PrefixLen: length };
  }
  const v4 = leases.find(({ address }) => address.family === 4)?.address;
  return { ...result, MacAddress: (settings.MacAddress || macFor(v4, endpoint)).toLowerCase() };
}

function lease(network: NetworkRecord, pool: AddressPool, settings: EndpointSettings, inUse: ReadonlySet<bigint>) {
  const { IPv4Address = "", IPv6Address = "" } = settings.IPAMConfig ?? {};
  const fixed = parseAddress(pool.subnet.family === 4 ? IPv4Address : IPv6Address);
  if (fixed !== undefined) {
    if (inUse.has(fixed.value) || isTaken(pool, fixed)) throw forbidden("Address already in use");
    return fixed;
  }
  const address = nextAddress(pool, inUse);
  if (address === undefined) {
    throw internal(
      `no available IPv${pool.subnet.family} addresses on this network's address pools: ${network.name} (${network.id})`,
    );
  }
  return address;
}

/** `eth0`, `eth1` …: the first that is free, unless the endpoint says. */
function insideLink({ links }: Sandbox, { DriverOpts }: EndpointSettings): string {
  const taken = new Set(Object.values(links));
  const asked = DriverOpts?.[linkOption];
  if (asked !== undefined) {
    if (taken.has(asked)) throw badRequest(`the interface name ${asked} is taken`);
    return asked;
  }
  for (let index = 0; ; index++) if (!taken.has(`eth${index}`)) return `eth${index}`;
}
