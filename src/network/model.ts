/** What the kernel is to hold, as plain data: bridges, and the namespaces of containers with their links. */

import { type Address, contains, type Subnet } from "./address.ts";

/** Marks what belongs to one engine, where several run on a host: derived from its data root. */
export interface Owner {
  /** 8 hexadecimal digits, for names. */
  readonly tag: string;
  /** The group (a number) that all its links are in. */
  readonly group: number;
}

/** The bridge of a network. */
export interface Bridge {
  /** The network's, 64 hexadecimal digits. */
  readonly network: string;
  readonly link: string;
  /** Bytes; absent: the kernel's default. */
  readonly mtu?: number;
  readonly subnets: readonly BridgeSubnet[];
  /** Nothing leaves it and nothing comes in. */
  readonly internal: boolean;
  /** Its containers may not reach one another. */
  readonly isolated: boolean;
  readonly masquerade: boolean;
  /** The host's address that outgoing packets bear, instead of the outgoing link's own. */
  readonly source4?: Address;
  /** 127.0.0.11 answers in its containers. */
  readonly names: boolean;
}

export interface BridgeSubnet {
  readonly subnet: Subnet;
  /** The bridge's own address. */
  readonly gateway?: Address;
}

/** A container's place in a network. */
export interface Attachment {
  /** The endpoint's ID, 64 hexadecimal digits. */
  readonly id: string;
  readonly bridge: Bridge;
  /** The link's name inside. */
  readonly inside: string;
  readonly mac: string;
  readonly addresses: readonly Address[];
  /** What the container reaches the rest of the world by; the largest wins, of equals the first. */
  readonly priority: number;
  /** `net.ipv4.conf.eth0.forwarding` and the like, set when the link is there. */
  readonly sysctls: ReadonlyMap<string, string>;
}

/** A container's network namespace. */
export interface Station {
  /** The container's ID. */
  readonly id: string;
  /** Where the namespace is pinned. */
  readonly netns: string;
  readonly attachments: readonly Attachment[];
  readonly sysctls: ReadonlyMap<string, string>;
}

export const prefixLength = (bridge: Bridge, address: Address): number | undefined =>
  subnetIn(bridge, address)?.subnet.length;

export const gatewayFor = (bridge: Bridge, address: Address): Address | undefined => subnetIn(bridge, address)?.gateway;

const subnetIn = ({ subnets }: Bridge, address: Address) => subnets.find(({ subnet }) => contains(subnet, address));
