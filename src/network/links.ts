/** The lines for `ip -batch` that make bridges and the links of containers (ip-link(8), ip-address(8), ip-route(8)). */

import { formatAddress } from "./address.ts";
import { hostLink, macFor } from "./link-names.ts";
import { type Attachment, type Bridge, gatewayFor, type Owner, prefixLength, type Station } from "./model.ts";

/** Where the containers find their resolver. */
export const resolverAddress = "127.0.0.11";

/**
 * Makes a bridge, which is down and has no addresses yet. Its hardware address is its own: one that nobody has set is always
 * the lowest of its ports', and changes when that container goes, while the others go on sending to the old one.
 */
export const bridgeLines = (bridge: Bridge, owner: Owner): string[] => [
  `link add name ${bridge.link} address ${macFor(undefined, bridge.network)} ${mtu(bridge)}group ${owner.group} type bridge`,
];

/** Gives a bridge its addresses and sets it up; harmless where it has them. */
export const addressLines = (bridge: Bridge): string[] => [
  ...bridge.subnets.flatMap(({ subnet, gateway }) =>
    gateway === undefined
      ? []
      : [
          `address replace ${formatAddress(gateway)}/${subnet.length} dev ${bridge.link}${gateway.family === 6 ? " nodad" : ""}`,
        ],
  ),
  `link set dev ${bridge.link} up`,
];

/** Run inside a new namespace: its links, which come with their other ends in the host's, addresses and routes. */
export function insideLines(station: Station, owner: Owner, hostNetns: string): string[] {
  return [
    "link set dev lo up",
    // Rules that come before the local addresses need room in front.
    "rule add pref 1 lookup local",
    "rule delete pref 0 lookup local",
    ...station.attachments.flatMap((attachment) => attachLines(attachment, owner, hostNetns)),
    ...routeLines(station),
  ];
}

/** Run inside: one link with its addresses. */
export function attachLines(attachment: Attachment, owner: Owner, hostNetns: string): string[] {
  const { bridge, inside, mac, addresses } = attachment;
  const hasIPv6 = addresses.some(({ family }) => family === 6);
  return [
    `link add name ${inside} address ${mac} ${mtu(bridge)}type veth ` +
      `peer name ${hostLink(attachment.id)} ${mtu(bridge)}group ${owner.group} netns ${hostNetns}`,
    // Without an IPv6 subnet not even a link-local address.
    ...(hasIPv6 ? [] : [`link set dev ${inside} addrgenmode none`]),
    ...addresses.map(
      (address) =>
        `address add ${formatAddress(address)}/${prefixLength(bridge, address) ?? ""} dev ${inside}` +
        (address.family === 6 ? " nodad" : " broadcast +"),
    ),
    `link set dev ${inside} up`,
    loopbackGuard(attachment, "add"),
  ];
}

/** The resolver's answers bear a loopback address and need route_localnet. Nobody else shall reach the loopback by it. */
export const loopbackGuard = ({ inside }: Attachment, verb: "add" | "delete"): string =>
  `rule ${verb} pref 0 iif ${inside} to 127.0.0.0/8 blackhole`;

/** Run inside: the ways out, by the attachments that have one. Replaces what was there. */
export function routeLines({ attachments }: Pick<Station, "attachments">): string[] {
  const best = (family: 4 | 6) =>
    attachments
      .filter(({ bridge }) => !bridge.internal)
      .flatMap((attachment) => ways(attachment, family))
      .reduce<Way | undefined>((a, b) => (a === undefined || b.priority > a.priority ? b : a), undefined);
  const [v4, v6] = [best(4), best(6)];
  const resolver = attachments
    .filter(({ bridge }) => bridge.names)
    .flatMap((attachment) => ways(attachment, 4))
    .at(0);
  return [
    ...(v4 === undefined ? [] : [`route replace 0.0.0.0/0 via ${v4.gateway} dev ${v4.inside}`]),
    ...(v6 === undefined ? [] : [`route replace ::/0 via ${v6.gateway} dev ${v6.inside}`]),
    ...(resolver === undefined
      ? []
      : [
          `route replace table local unicast ${resolverAddress} via ${resolver.gateway} dev ${resolver.inside} src ${resolver.source}`,
        ]),
  ];
}

interface Way {
  readonly inside: string;
  readonly gateway: string;
  readonly source: string;
  readonly priority: number;
}

const ways = ({ bridge, inside, addresses, priority }: Attachment, family: 4 | 6): Way[] =>
  addresses.flatMap((address) => {
    const gateway = address.family === family ? gatewayFor(bridge, address) : undefined;
    if (gateway === undefined) return [];
    return [{ inside, gateway: formatAddress(gateway), source: formatAddress(address), priority }];
  });

/** Run on the host: the links' host ends become ports of their bridges. */
export const portLines = (attachments: readonly Attachment[]): string[] =>
  attachments.flatMap(({ id, bridge }) => [
    `link set dev ${hostLink(id)} master ${bridge.link} up`,
    // Two isolated ports of a bridge do not reach each other, whatever becomes of the firewall.
    ...(bridge.isolated ? [`link set dev ${hostLink(id)} type bridge_slave isolated on`] : []),
  ]);

/** Run on the host: takes links away, all at once, which is a matter of milliseconds where one by one takes a second. */
export const removalLines = (links: readonly string[], owner: Owner): string[] =>
  links.length === 0
    ? []
    : [...links.map((link) => `link set dev ${link} group ${owner.group + 1}`), `link delete group ${owner.group + 1}`];

const mtu = (bridge: Bridge) => (bridge.mtu === undefined ? "" : `mtu ${bridge.mtu} `);
