/** What a request for a network becomes: checked, in dockerd's words, and with the subnets that it did not ask for. */

import {
  contains,
  encloses,
  type Family,
  formatAddress,
  formatSubnet,
  isLoopback,
  overlap,
  parseAddress,
  parseSubnet,
  type Subnet,
} from "../../network/address.ts";
import { isTaken } from "../../network/ipam.ts";
import { bridgeLink, isLinkName } from "../../network/link-names.ts";
import { defaultPools, localPool, pickSubnet } from "../../network/pools.ts";
import type { NetworkCreateBody } from "../api.ts";
import { badRequest, conflict, forbidden, internal, notFound } from "../refusal.ts";
import {
  bridgeOption,
  defaultNetwork,
  type IpamConfig,
  linkOf,
  type NetworkDriver,
  type NetworkRecord,
  parseBool,
  poolsOf,
  predefined,
} from "./record.ts";

export interface Surroundings {
  readonly networks: readonly NetworkRecord[];
  /** What the host's other links and routes use. */
  readonly hostSubnets: readonly Subnet[];
  /** 10 hexadecimal digits of this engine, for its own IPv6 subnets. */
  readonly seed: string;
}

/** Makes a network's record. EngineError 400, 403, 404, 409 or 500 with dockerd's words where it cannot be. */
export function draftNetwork(
  id: string,
  created: string,
  body: NetworkCreateBody,
  surroundings: Surroundings,
): NetworkRecord {
  checkName(body, surroundings.networks);
  const driver = driverOf(body);
  const enableIPv4 = body.EnableIPv4 ?? true;
  const enableIPv6 = body.EnableIPv6 ?? false;
  if (!enableIPv4 && !enableIPv6) throw badRequest("IPv4 or IPv6 must be enabled");
  const given = body.IPAM?.Config ?? [];
  checkIpam(given, { enableIPv4, enableIPv6 });
  checkOptions(body.Options ?? {});
  const enabled = { enableIPv4, enableIPv6 };
  const asked = askedFor(given, enabled, surroundings);
  const found = findMissing(asked, enabled, surroundings);
  const record: NetworkRecord = {
    id,
    name: body.Name,
    created,
    driver,
    internal: body.Internal ?? false,
    attachable: body.Attachable ?? false,
    enableIPv4,
    enableIPv6,
    ipam: {
      driver: body.IPAM?.Driver || "default",
      options: body.IPAM?.Options ?? null,
      config: [...asked, ...found].toSorted((a, b) => familyOf(a) - familyOf(b)),
      found: found.map(({ Subnet }) => Subnet),
    },
    options: { ...body.Options },
    labels: { ...body.Labels },
  };
  checkBridge(record, surroundings.networks);
  return record;
}

/** The network that containers are in which name none. Its subnet is the first that is free: docker0 keeps its own. */
export function defaultBridge(id: string, created: string, surroundings: Surroundings): NetworkRecord {
  const enabled = { enableIPv4: true, enableIPv6: false };
  const found = findMissing([], enabled, surroundings);
  return {
    id,
    name: defaultNetwork,
    created,
    driver: "bridge",
    internal: false,
    attachable: false,
    ...enabled,
    ipam: { driver: "default", options: null, config: found, found: found.map(({ Subnet }) => Subnet) },
    options: {
      [bridgeOption.isDefault]: "true",
      [bridgeOption.icc]: "true",
      [bridgeOption.masquerade]: "true",
      [bridgeOption.bindIPv4]: "0.0.0.0",
      [bridgeOption.name]: bridgeLink(id),
      [bridgeOption.mtu]: "1500",
    },
    labels: {},
  };
}

function checkName({ Name }: NetworkCreateBody, networks: readonly NetworkRecord[]): void {
  if (typeof Name !== "string" || Name.trim() === "") throw badRequest("invalid name: name is empty");
  if (predefined.includes(Name)) throw forbidden(`operation is not permitted on predefined ${Name} network `);
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(Name) || Name.length > 255) {
    throw badRequest(`invalid name: "${Name}": only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
  }
  if (networks.some(({ name }) => name === Name)) throw conflict(`network with name ${Name} already exists`);
}

function driverOf({
  Driver,
  IPAM,
  ...more
}: NetworkCreateBody & { Scope?: string; ConfigOnly?: boolean }): NetworkDriver {
  const driver = Driver || "bridge";
  if (more.Scope === "swarm") throw forbidden("cannot create a swarm scoped network when swarm is not active");
  if (more.ConfigOnly === true) throw badRequest("configuration-only networks are not supported by this engine");
  if (driver === "host" || driver === "null") throw forbidden(`only one instance of "${driver}" network is allowed`);
  if (driver === "overlay") {
    throw forbidden(
      'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
    );
  }
  if (driver !== "bridge") throw notFound(`plugin "${driver}" not found`);
  const ipam = IPAM?.Driver || "default";
  if (ipam !== "default" && ipam !== "null") throw notFound(`plugin "${ipam}" not found`);
  return driver;
}

interface Enabled {
  readonly enableIPv4: boolean;
  readonly enableIPv6: boolean;
}

/** moby's ValidateIPAM: everything that is wrong at once. */
function checkIpam(given: readonly IpamConfig[], enabled: Enabled): void {
  const wrong = given.flatMap((config) => wrongIn(config, enabled));
  if (wrong.length === 0) return;
  const list = wrong.length === 1 ? wrong : wrong.map((message) => `* ${message}`);
  throw badRequest(`invalid network config:\n${list.join("\n")}`);
}

function wrongIn(
  { Subnet = "", IPRange = "", Gateway = "", AuxiliaryAddresses }: IpamConfig,
  enabled: Enabled,
): string[] {
  const subnet = parseSubnet(Subnet);
  if (subnet === undefined) return [`invalid subnet ${Subnet}: invalid CIDR block notation`];
  if (subnet.family === 6 && !enabled.enableIPv6) return [];
  if (isLoopback({ family: subnet.family, value: subnet.first }))
    return [`invalid subnet ${Subnet}: it is the host's loopback`];
  const parent = `parent subnet ${formatSubnet(subnet)}`;
  const place = (what: string, text: string) => {
    const address = parseAddress(text);
    if (address === undefined) return [`invalid ${what}: invalid address`];
    return contains(subnet, address) ? [] : [`invalid ${what}: ${parent} doesn't contain this address`];
  };
  return [
    ...(isCanonical(Subnet, subnet) ? [] : [`invalid subnet ${Subnet}: it should be ${formatSubnet(subnet)}`]),
    ...(IPRange === "" ? [] : wrongRange(IPRange, subnet)),
    ...(Gateway === "" ? [] : place(`gateway ${Gateway}`, Gateway)),
    ...Object.entries(AuxiliaryAddresses ?? {}).flatMap(([name, text]) => place(`auxiliary address ${name}`, text)),
  ];
}

function wrongRange(text: string, subnet: Subnet): string[] {
  const range = parseSubnet(text);
  if (range === undefined) return [`invalid ip-range ${text}: invalid CIDR block notation`];
  if (!isCanonical(text, range)) return [`invalid ip-range ${text}: it should be ${formatSubnet(range)}`];
  if (encloses(subnet, range)) return [];
  return [`invalid ip-range ${text}: parent subnet ${formatSubnet(subnet)} doesn't contain ip-range`];
}

/** No bits are set behind the prefix. */
const isCanonical = (text: string, subnet: Subnet) =>
  parseAddress(text.slice(0, text.indexOf("/")))?.value === subnet.first;

/**
 * The subnets that were asked for. EngineError 403 where one overlaps another network's, or would take addresses away that
 * the host reaches by a route of its own: dockerd's networks, say. A wider route, as of a VPN, is no hindrance.
 */
function askedFor(
  given: readonly IpamConfig[],
  enabled: Enabled,
  { networks, hostSubnets }: Surroundings,
): readonly IpamConfig[] {
  const used = networks.flatMap(poolsOf);
  return given.filter((config) => {
    const asked = parseSubnet(config.Subnet ?? "");
    if (asked === undefined || !isEnabled(asked.family, enabled)) return false;
    if (used.some(({ subnet }) => overlap(subnet, asked)) || hostSubnets.some((subnet) => encloses(asked, subnet))) {
      throw forbidden("invalid pool request: Pool overlaps with other one on this address space");
    }
    return true;
  });
}

/** One subnet of each family that is enabled and was not asked for. */
function findMissing(
  asked: readonly IpamConfig[],
  enabled: Enabled,
  { networks, hostSubnets, seed }: Surroundings,
): readonly { readonly Subnet: string; readonly Gateway: string }[] {
  const taken = asked.flatMap(({ Subnet = "" }) => parseSubnet(Subnet) ?? []);
  const used = [...networks.flatMap(poolsOf).map(({ subnet }) => subnet), ...taken, ...hostSubnets];
  const missing = ([4, 6] as const).filter(
    (family) => isEnabled(family, enabled) && !taken.some((subnet) => subnet.family === family),
  );
  return missing.map((family) => {
    const subnet = pickSubnet(family, [...defaultPools, localPool(seed)], used);
    if (subnet === undefined) throw badRequest("all predefined address pools have been fully subnetted");
    return { Subnet: formatSubnet(subnet), Gateway: formatAddress({ family, value: subnet.first + 1n }) };
  });
}

const isEnabled = (family: Family, { enableIPv4, enableIPv6 }: Enabled) => (family === 4 ? enableIPv4 : enableIPv6);

const familyOf = ({ Subnet = "" }: IpamConfig) => (Subnet.includes(":") ? 6 : 4);

/** Options of the bridge driver, as it reads them. Others are kept and mean nothing, as with dockerd. */
function checkOptions(options: Readonly<Record<string, string>>): void {
  const refuse = (key: string, why: string) => badRequest(`failed to parse ${key} value: ${options[key]} (${why})`);
  for (const key of [bridgeOption.icc, bridgeOption.masquerade, bridgeOption.isDefault]) {
    const value = options[key];
    if (value !== undefined && parseBool(value) === undefined) {
      throw refuse(key, `strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`);
    }
  }
  for (const key of [bridgeOption.bindIPv4, bridgeOption.hostIPv4]) {
    const value = options[key];
    if (value !== undefined && parseAddress(value)?.family !== 4) throw refuse(key, "nil ip");
  }
  const mtu = options[bridgeOption.mtu];
  if (mtu !== undefined && !/^[+-]?\d+$/.test(mtu)) {
    throw refuse(bridgeOption.mtu, `strconv.Atoi: parsing ${JSON.stringify(mtu)}: invalid syntax`);
  }
  // IPv4 needs 68 (RFC 791), and a link of the kernel holds no more than 65535.
  if (mtu !== undefined && (Number(mtu) < 68 || Number(mtu) > 65535)) throw refuse(bridgeOption.mtu, "out of range");
  const link = options[bridgeOption.name];
  if (link !== undefined && link !== "" && !isLinkName(link)) {
    throw badRequest(`invalid value for ${bridgeOption.name}: ${JSON.stringify(link)} is not the name of a link`);
  }
  for (const family of ["ipv4", "ipv6"]) {
    const key = `com.docker.network.bridge.gateway_mode_${family}`;
    const value = options[key];
    if (value !== undefined && value !== "nat") {
      const known = ["routed", "nat-unprotected", "isolated"].includes(value);
      throw refuse(key, known ? `this engine has only "nat"` : `unknown gateway mode ${value}`);
    }
  }
}

/** What only one network can have. */
function checkBridge(record: NetworkRecord, networks: readonly NetworkRecord[]): void {
  const pools = poolsOf(record);
  for (const family of [4, 6] as const) {
    if (pools.filter(({ subnet }) => subnet.family === family).length > 1) {
      throw forbidden("bridge driver doesn't support multiple subnets");
    }
  }
  const link = linkOf(record);
  const other = networks.find((network) => network.driver === "bridge" && linkOf(network) === link);
  if (other !== undefined) {
    throw forbidden(
      `cannot create network ${record.id} (${link}): conflicts with network ${other.id} (${link}): networks have same bridge name`,
    );
  }
  for (const [index, pool] of pools.entries()) {
    const { gateway, ...without } = pool;
    if (gateway === undefined) throw internal(`no address of ${formatSubnet(pool.subnet)} is left for the gateway`);
    if (isTaken({ ...without, reserved: [] }, gateway)) {
      throw internal(`failed to allocate gateway (${formatAddress(gateway)}): Address already in use`);
    }
    const auxiliary = Object.entries(record.ipam.config[index]?.AuxiliaryAddresses ?? {});
    const taken = auxiliary.find(([, text]) => parseAddress(text)?.value === gateway.value);
    if (taken !== undefined) {
      throw internal(`failed to allocate secondary ip address (${taken[0]}:${taken[1]}): Address already in use`);
    }
  }
}
