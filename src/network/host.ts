/** What the host already has: its links' subnets, and the settings that forwarding needs. */

import { readdir, readFile, writeFile } from "node:fs/promises";
import { parseAddress, parseSubnet, type Subnet, subnetOf } from "./address.ts";
import type { Bridge } from "./model.ts";
import { run } from "./run.ts";

/** The subnets that the host's links and routes use, but for the default routes and those of some links. */
export async function hostSubnets(without: ReadonlySet<string>): Promise<Subnet[]> {
  const texts = await Promise.all(
    ["-4", "-6"].map((family) => run("ip", ["-json", family, "route", "show", "table", "main"])),
  );
  return texts
    .flatMap((text): readonly Route[] => (text.trim() === "" ? [] : JSON.parse(text)))
    .filter(({ dev }) => dev === undefined || !without.has(dev))
    .flatMap(({ dst }) => subnetOfRoute(dst) ?? []);
}

interface Route {
  readonly dst: string;
  readonly dev?: string;
}

function subnetOfRoute(dst: string): Subnet | undefined {
  const address = parseAddress(dst);
  return address === undefined ? parseSubnet(dst) : subnetOf(address, address.family === 4 ? 32 : 128);
}

/** Sets what is not set already; a setting that is not there is left alone. */
async function setSysctl(name: string, value: string): Promise<void> {
  const current = await readSysctl(name);
  if (current !== undefined && current !== value) await writeFile(`/proc/sys/${name}`, value);
}

/** Undefined: there is no such setting. */
async function readSysctl(name: string): Promise<string | undefined> {
  return readFile(`/proc/sys/${name}`, "utf8").then(
    (text) => text.trim(),
    () => undefined,
  );
}

/**
 * Lets the host pass packets on, of the families that networks have. Passing IPv6 on would make the host deaf to its own
 * router's advertisements; links that listen to them go on doing so.
 */
export async function enableForwarding(bridges: readonly Bridge[]): Promise<void> {
  await setSysctl("net/ipv4/ip_forward", "1");
  if (!bridges.some(hasIPv6) || (await readSysctl("net/ipv6/conf/all/forwarding")) !== "0") return;
  const ours = new Set(bridges.map(({ link }) => link));
  for (const link of await readdir("/proc/sys/net/ipv6/conf")) {
    const name = `net/ipv6/conf/${link}/accept_ra`;
    if (!ours.has(link) && link !== "all" && (await readSysctl(name)) === "1") await setSysctl(name, "2");
  }
  await setSysctl("net/ipv6/conf/all/forwarding", "1");
}

/** A container must not be the host's router (CVE-2020-13401), and a network without IPv6 has none of it on the host. */
export async function settleBridge(bridge: Bridge): Promise<void> {
  await setSysctl(`net/ipv6/conf/${bridge.link}/accept_ra`, "0");
  await setSysctl(`net/ipv6/conf/${bridge.link}/disable_ipv6`, hasIPv6(bridge) ? "0" : "1");
}

const hasIPv6 = ({ subnets }: Bridge) => subnets.some(({ subnet }) => subnet.family === 6);
