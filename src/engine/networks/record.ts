/** A network as its record keeps it, and what follows from it: its address pools, its bridge, what the API shows. */

import { type Address, parseAddress, parseSubnet } from "../../network/address.ts";
import { type AddressPool, nextAddress } from "../../network/ipam.ts";
import { bridgeLink } from "../../network/link-names.ts";
import type { Bridge } from "../../network/model.ts";
import type { NetworkCreateBody, NetworkMember, NetworkResource } from "../api.ts";

export type IpamConfig = NonNullable<NonNullable<NetworkCreateBody["IPAM"]>["Config"]>[number];

export type NetworkDriver = "bridge" | "host" | "null";

export interface NetworkRecord {
  readonly id: string;
  readonly name: string;
  /** RFC 3339. */
  readonly created: string;
  readonly driver: NetworkDriver;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly enableIPv4: boolean;
  readonly enableIPv6: boolean;
  readonly ipam: {
    readonly driver: string;
    readonly options: Readonly<Record<string, string>> | null;
    /** As asked for; what was not asked for, with the subnet and gateway that were found. */
    readonly config: readonly IpamConfig[];
    /** The subnets among them that nobody asked for. */
    readonly found: readonly string[];
  };
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

/** Makes a network of what a record holds; throws, with the reason, where it is none. */
export function decodeNetwork(value: unknown, id: string): NetworkRecord {
  const record = value as NetworkRecord;
  if (record?.id !== id) throw new Error("it is not the record of this network");
  if (typeof record.name !== "string" || record.name === "") throw new Error("it has no name");
  if (!["bridge", "host", "null"].includes(record.driver)) throw new Error(`unknown driver ${record.driver}`);
  // Throws for subnets that are none.
  poolsOf(record);
  return record;
}

export const bridgeOption = {
  name: "com.docker.network.bridge.name",
  icc: "com.docker.network.bridge.enable_icc",
  masquerade: "com.docker.network.bridge.enable_ip_masquerade",
  bindIPv4: "com.docker.network.bridge.host_binding_ipv4",
  isDefault: "com.docker.network.bridge.default_bridge",
  mtu: "com.docker.network.driver.mtu",
  hostIPv4: "com.docker.network.host_ipv4",
} as const;

/** The name of the network that containers are in which name none. */
export const defaultNetwork = "bridge";

export const predefined: readonly string[] = [defaultNetwork, "host", "none"];

export const isDefaultBridge = ({ name, driver }: NetworkRecord): boolean =>
  name === defaultNetwork && driver === "bridge";

/** Go's strconv.ParseBool. */
export function parseBool(text: string): boolean | undefined {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true;
  if (["0", "f", "F", "FALSE", "false", "False"].includes(text)) return false;
  return undefined;
}

export function poolsOf({ ipam }: Pick<NetworkRecord, "ipam">): AddressPool[] {
  return ipam.config.map(({ Subnet = "", IPRange = "", Gateway = "", AuxiliaryAddresses = {} }) => {
    const subnet = parseSubnet(Subnet);
    if (subnet === undefined) throw new Error(`not a subnet: ${Subnet}`);
    const range = parseSubnet(IPRange);
    const reserved = Object.values(AuxiliaryAddresses).flatMap((text) => parseAddress(text) ?? []);
    const pool: AddressPool = { subnet, ...(range !== undefined && { range }), reserved };
    const gateway = parseAddress(Gateway) ?? nextAddress(pool, new Set());
    return gateway === undefined ? pool : { ...pool, gateway };
  });
}

/** The bridge of a network of the bridge driver. */
export function bridgeOf(record: NetworkRecord): Bridge {
  const option = (name: string) => record.options[name];
  const flag = (name: string) => parseBool(option(name) ?? "") ?? true;
  const mtu = option(bridgeOption.mtu);
  const source4 = parseAddress(option(bridgeOption.hostIPv4) ?? "");
  return {
    network: record.id,
    link: linkOf(record),
    ...(mtu !== undefined && { mtu: Number(mtu) }),
    subnets: poolsOf(record).map(({ subnet, gateway }) => ({ subnet, ...(gateway !== undefined && { gateway }) })),
    internal: record.internal,
    isolated: !flag(bridgeOption.icc),
    masquerade: flag(bridgeOption.masquerade),
    ...(source4 !== undefined && { source4 }),
    names: !isDefaultBridge(record),
  };
}

export const linkOf = ({ id, options }: Pick<NetworkRecord, "id" | "options">): string =>
  options[bridgeOption.name] || bridgeLink(id);

/** Where the ports of a network's containers are bound that do not say where; undefined: everywhere. */
export const bindingOf = ({ options }: NetworkRecord): Address | undefined => {
  const address = parseAddress(options[bridgeOption.bindIPv4] ?? "");
  return address?.value === 0n ? undefined : address;
};

/** As the API shows it. */
export function resourceOf(record: NetworkRecord, members: Readonly<Record<string, NetworkMember>>): NetworkResource {
  const { config, driver, options } = record.ipam;
  return {
    Name: record.name,
    Id: record.id,
    Created: record.created,
    Scope: "local",
    Driver: record.driver,
    EnableIPv4: record.enableIPv4,
    EnableIPv6: record.enableIPv6,
    IPAM: { Driver: driver, Options: options, Config: config.length === 0 ? null : [...config] },
    Internal: record.internal,
    Attachable: record.attachable,
    Ingress: false,
    ConfigFrom: { Network: "" },
    ConfigOnly: false,
    Containers: members,
    Options: record.options,
    Labels: record.labels,
  };
}
