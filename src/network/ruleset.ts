/**
 * The firewall as one text for `nft -f -`: our own table, replaced as a whole in one transaction, so there is no instant
 * without isolation. What differs between networks and ports stands in sets and maps; the rules are always the same.
 * Priorities are numbers: nft 1.0.6 does not know all names (nft(8), "Address families" and "Sets").
 */

import { type Address, type Family, formatAddress, formatSubnet } from "./address.ts";
import { resolverAddress } from "./links.ts";
import type { Bridge, Owner } from "./model.ts";

/** A port of the host that leads to one of a container. */
export interface Published {
  readonly protocol: "tcp" | "udp" | "sctp";
  /** The host's address; 0.0.0.0 or :: for all of the family. */
  readonly host: Address;
  readonly hostPort: number;
  /** The container's; of the same family, or there is only the proxy. */
  readonly target: Address;
  readonly targetPort: number;
}

export interface Firewall {
  readonly owner: Owner;
  readonly bridges: readonly Bridge[];
  readonly published: readonly Published[];
  /** By network ID: the port on the bridge's own addresses where the resolver listens. */
  readonly resolvers: ReadonlyMap<string, number>;
}

export const tableName = ({ tag }: Owner): string => `gantry-${tag}`;

/** Takes our table away, also where it is not there. */
export function noRuleset(owner: Owner): string {
  const table = `inet ${tableName(owner)}`;
  return `table ${table}\ndelete table ${table}\n`;
}

/** The whole table, in place of the one before. */
export function ruleset(firewall: Firewall): string {
  return `${noRuleset(firewall.owner)}table inet ${tableName(firewall.owner)} {\n${[
    ...sets(firewall),
    ...forwarding,
    ...publishing(firewall),
    ...masquerading(firewall),
  ]
    .map((line) => (line === "" ? "" : `\t${line}`))
    .join("\n")}\n}\n`;
}

function sets({ bridges, published, resolvers }: Firewall): string[] {
  const links = (which: readonly Bridge[]) => which.map(({ link }) => quote(link));
  const hidden = (family: Family) =>
    bridges
      .filter(({ masquerade, internal }) => masquerade && !internal)
      .flatMap(({ subnets }) => subnets.filter(({ subnet }) => subnet.family === family))
      .map(({ subnet }) => formatSubnet(subnet));
  return [
    ...block("set bridges", ["type ifname"], links(bridges)),
    ...block("set internal", ["type ifname"], links(bridges.filter(({ internal }) => internal))),
    ...block(
      "set within",
      ["type ifname . ifname"],
      bridges.map(({ link }) => `${quote(link)} . ${quote(link)}`),
    ),
    ...block("set masqueraded4", ["type ipv4_addr", "flags interval"], hidden(4)),
    ...block("set masqueraded6", ["type ipv6_addr", "flags interval"], hidden(6)),
    ...block("map resolvers4", ["type ifname : ipv4_addr . inet_service"], resolverElements(bridges, resolvers)),
    ...protocols.flatMap((protocol) =>
      ([4, 6] as const).flatMap((family) => {
        const address = `ipv${family}_addr`;
        const mine = published.filter(
          ({ protocol: its, host, target }) => its === protocol && host.family === family && target.family === family,
        );
        const [everywhere, somewhere] = [
          mine.filter(({ host }) => host.value === 0n),
          mine.filter(({ host }) => host.value !== 0n),
        ];
        return [
          ...block(
            `map ${protocol}${family}`,
            [`type inet_service : ${address} . inet_service`],
            everywhere.map((port) => `${port.hostPort} : ${target(port)}`),
          ),
          ...block(
            `map ${protocol}${family}-at`,
            [`type ${address} . inet_service : ${address} . inet_service`],
            somewhere.map((port) => `${formatAddress(port.host)} . ${port.hostPort} : ${target(port)}`),
          ),
        ];
      }),
    ),
  ];
}

const protocols = ["tcp", "udp", "sctp"] as const;

const target = (port: Published) => `${formatAddress(port.target)} . ${port.targetPort}`;

function resolverElements(bridges: readonly Bridge[], resolvers: ReadonlyMap<string, number>): string[] {
  return bridges.flatMap(({ network, link, subnets }) => {
    const gateway = subnets.find(({ gateway }) => gateway?.family === 4)?.gateway;
    const port = resolvers.get(network);
    if (gateway === undefined || port === undefined) return [];
    return [`${quote(link)} : ${formatAddress(gateway)} . ${port}`];
  });
}

/** What may pass between links, and from internal networks to the host itself. */
const forwarding = [
  "chain forward {",
  "\ttype filter hook forward priority 0; policy accept;",
  "\tiifname . oifname @within accept",
  "\tiifname @internal drop",
  "\toifname @internal drop",
  "\toifname @bridges ct state established,related accept",
  "\toifname @bridges ct status dnat accept",
  "\toifname @bridges drop",
  "}",
  "",
  "chain input {",
  "\ttype filter hook input priority 0; policy accept;",
  "\tiifname @internal ct state established,related accept",
  "\tiifname @internal ct status dnat accept",
  "\tiifname @internal icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept",
  "\tiifname @internal drop",
  "}",
  "",
];

/** Names, and ports of the host. What containers themselves send to the host's ports is left to the proxy. */
function publishing({ bridges }: Firewall): string[] {
  const names = ["udp", "tcp"].map(
    (protocol) => `ip daddr ${resolverAddress} ${protocol} dport 53 dnat ip to iifname map @resolvers4`,
  );
  return [
    "chain prerouting {",
    "\ttype nat hook prerouting priority -100; policy accept;",
    ...(bridges.length === 0 ? [] : names.map((rule) => `\tiifname @bridges ${rule}`)),
    "\tiifname @bridges accept",
    "\tfib daddr type local jump published",
    "}",
    "",
    "chain output {",
    "\ttype nat hook output priority -100; policy accept;",
    "\tip daddr 127.0.0.0/8 accept",
    "\tip6 daddr ::1 accept",
    "\tfib daddr type local jump published",
    "}",
    "",
    "chain published {",
    ...protocols.flatMap((protocol) => [
      `\tdnat ip to ip daddr . ${protocol} dport map @${protocol}4-at`,
      `\tdnat ip to ${protocol} dport map @${protocol}4`,
      `\tdnat ip6 to ip6 daddr . ${protocol} dport map @${protocol}6-at`,
      `\tdnat ip6 to ${protocol} dport map @${protocol}6`,
    ]),
    "}",
    "",
  ];
}

function masquerading({ bridges }: Firewall): string[] {
  const fixed = bridges.flatMap(({ internal, masquerade, source4, subnets }) =>
    internal || !masquerade || source4 === undefined
      ? []
      : subnets
          .filter(({ subnet }) => subnet.family === 4)
          .map(
            ({ subnet }) =>
              `\tip saddr ${formatSubnet(subnet)} oifname != @bridges snat ip to ${formatAddress(source4)}`,
          ),
  );
  return [
    "chain postrouting {",
    "\ttype nat hook postrouting priority 100; policy accept;",
    ...fixed,
    "\tip saddr @masqueraded4 oifname != @bridges masquerade",
    "\tip6 saddr @masqueraded6 oifname != @bridges masquerade",
    "}",
  ];
}

function block(head: string, lines: readonly string[], elements: readonly string[]): string[] {
  const content = elements.length === 0 ? [] : [`\telements = { ${elements.toSorted().join(", ")} }`];
  return [`${head} {`, ...lines.map((line) => `\t${line}`), ...content, "}", ""];
}

const quote = (link: string) => `"${link}"`;
