/** The files that tell a container about the network: `hosts` and `resolv.conf`. */

import { constants } from "node:fs";
import { open, readFile } from "node:fs/promises";
import path from "node:path";
import { formatAddress, parseAddress } from "../../network/address.ts";
import { type HostsEntry, hostsFile } from "../../network/hosts-file.ts";
import { parseResolvConf, resolvConfOfHost, resolvConfWithNames } from "../../network/resolv-conf.ts";
import { makeFolder, writeFileDurably } from "../daemon/durable.ts";
import type { Sandbox } from "../daemon/rooms.ts";
import { endpointsIn, type Floor } from "./floor.ts";
import { isDefaultBridge, type NetworkRecord, poolsOf } from "./record.ts";

/** Writes both. A container that has them mounted sees the change: the files stay the same ones. */
export async function writeFiles(floor: Floor, sandbox: Sandbox): Promise<void> {
  const folder = sandbox.request.files;
  const host = parseResolvConf(await readFile("/etc/resolv.conf", "utf8").catch(() => ""));
  const own = sandbox.request.dns ?? {};
  const server = resolverOf(floor, sandbox);
  await makeFolder(folder);
  await Promise.all([
    rewrite(path.join(folder, "hosts"), hostsFile(hostsEntries(floor, sandbox))),
    rewrite(
      path.join(folder, "resolv.conf"),
      server === undefined ? resolvConfOfHost(host, own) : resolvConfWithNames(host, own, server),
    ),
  ]);
}

/** Where a container asks for names: 127.0.0.11, or where there is no IPv4 the bridge itself; undefined: of the host's. */
function resolverOf({ records }: Floor, { endpoints }: Sandbox): string | undefined {
  const named = Object.values(endpoints).filter(({ DNSNames }) => DNSNames != null);
  if (named.some(({ IPAddress }) => Boolean(IPAddress))) return "127.0.0.11";
  const [network] = named.flatMap(({ NetworkID = "" }) => records.get(NetworkID) ?? []);
  return network === undefined ? undefined : gatewaysOf(network).find((gateway) => gateway.includes(":"));
}

const gatewaysOf = (network: NetworkRecord) =>
  poolsOf(network).flatMap(({ gateway }) => (gateway === undefined ? [] : [formatAddress(gateway)]));

export function hostsEntries(floor: Floor, sandbox: Sandbox): HostsEntry[] {
  const { hostname, request } = sandbox;
  const names = request.domainname ? [`${hostname}.${request.domainname}`, hostname] : [hostname];
  const own = Object.values(sandbox.endpoints)
    .flatMap(({ IPAddress, GlobalIPv6Address }) => [IPAddress, GlobalIPv6Address])
    .flatMap((address) => (address ? [{ address, names }] : []));
  return [...extraHosts(floor, request.extraHosts), ...linked(floor, sandbox), ...own];
}

/** `name:address`; `host-gateway` is the host as the containers of the default network see it. */
function extraHosts({ records }: Floor, texts: readonly string[]): HostsEntry[] {
  const gateways = [...records.all.values()].filter(isDefaultBridge).flatMap(gatewaysOf);
  return texts.flatMap((text) => {
    const at = text.search(/[:=]/);
    const [name, value] = [text.slice(0, at), text.slice(at + 1).replace(/^\[(.*)\]$/, "$1")];
    const addresses = value === "host-gateway" ? gateways : [value];
    return addresses
      .filter((address) => parseAddress(address) !== undefined)
      .map((address) => ({ address, names: [name] }));
  });
}

/** The containers that this one is linked to on the default network, where no resolver knows names. */
function linked(floor: Floor, { endpoints }: Sandbox): HostsEntry[] {
  return Object.values(endpoints).flatMap(({ NetworkID = "", DNSNames, Links }) => {
    if (DNSNames != null) return [];
    const others = [...endpointsIn(floor, NetworkID)];
    return (Links ?? []).flatMap((link) => {
      const [target = "", alias = target] = link.split(":");
      const other = others.find(({ sandbox }) => sandbox.name === target || sandbox.id === target);
      if (other?.endpoint.IPAddress === undefined) return [];
      const names = [...new Set([alias, other.sandbox.hostname, other.sandbox.name])];
      return [{ address: other.endpoint.IPAddress, names }];
    });
  });
}

/** In place where the file is there: it is mounted into the container, and a new one would not be. */
async function rewrite(file: string, content: string): Promise<void> {
  try {
    const handle = await open(file, constants.O_WRONLY);
    try {
      await handle.write(content, 0);
      await handle.truncate(Buffer.byteLength(content));
    } finally {
      await handle.close();
    }
  } catch {
    await writeFileDurably(file, content, { sync: false, mode: 0o644 });
  }
}
