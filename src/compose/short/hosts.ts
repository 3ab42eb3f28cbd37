import type { Parsed } from "./parsed.ts";

/**
 * Reads a list of further hosts: `HOST=ADDRESS[,ADDRESS…]` or `HOST:ADDRESS[,ADDRESS…]`. The first `=`, else the first
 * colon, separates, so that `h:::1` is `::1`. A repeated host collects its addresses; `[::1]` loses its brackets.
 */
export function parseHosts(items: readonly string[]): Parsed<ReadonlyMap<string, readonly string[]>> {
  const hosts = new Map<string, string[]>();
  for (const item of items) {
    const separator = item.includes("=") ? "=" : ":";
    const at = item.indexOf(separator);
    if (at === -1) {
      return { error: `invalid additional host, missing IP: ${item}`, hint: "write HOST=ADDRESS" };
    }
    const host = item.slice(0, at);
    const addresses = hosts.get(host) ?? [];
    for (const address of item.slice(at + 1).split(",")) addresses.push(address);
    hosts.set(host, addresses);
  }
  return cleanHosts(hosts);
}

/** Checks the host names and takes the brackets off IPv6 addresses. */
export function cleanHosts(
  hosts: ReadonlyMap<string, readonly string[]>,
): Parsed<ReadonlyMap<string, readonly string[]>> {
  for (const host of hosts.keys()) {
    if (host === "" || /[:=]/.test(host)) return { error: `bad host name '${host}'`, hint: "write HOST=ADDRESS" };
  }
  return { value: new Map([...hosts].map(([host, addresses]) => [host, addresses.map(unbracketed)])) };
}

function unbracketed(address: string): string {
  return /^\[.+\]$/.test(address) ? address.slice(1, -1) : address;
}
