/** A container's hosts(5). */

export interface HostsEntry {
  readonly address: string;
  readonly names: readonly string[];
}

const loopback: readonly HostsEntry[] = [
  { address: "127.0.0.1", names: ["localhost"] },
  { address: "::1", names: ["localhost", "ip6-localhost", "ip6-loopback"] },
  { address: "fe00::", names: ["ip6-localnet"] },
  { address: "ff00::", names: ["ip6-mcastprefix"] },
  { address: "ff02::1", names: ["ip6-allnodes"] },
  { address: "ff02::2", names: ["ip6-allrouters"] },
];

/** The file's text: what every host has, then these. */
export const hostsFile = (entries: readonly HostsEntry[]): string =>
  [...loopback, ...entries].map(({ address, names }) => `${address}\t${names.join(" ")}\n`).join("");
