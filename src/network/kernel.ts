/** The kernel's side: namespaces, links and the firewall, made and taken away for many containers at a time. */

import { mkdir, open, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { enableForwarding, settleBridge } from "./host.ts";
import { hostLink } from "./link-names.ts";
import {
  addressLines,
  attachLines,
  bridgeLines,
  insideLines,
  loopbackGuard,
  portLines,
  removalLines,
  routeLines,
} from "./links.ts";
import type { Attachment, Bridge, Owner, Station } from "./model.ts";
import { run, tryRun } from "./run.ts";

/** How many namespaces are worked on at a time: more only queue at the kernel's lock for links. */
const atATime = 16;

/** This process's own namespace, where the bridges are. */
const hostNetns = `/proc/${process.pid}/ns/net`;

/** Carries out lines of `ip`; stops at the first that fails, with its words. */
export async function ip(lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await run("ip", ["-batch", "-"], `${lines.join("\n")}\n`);
}

/** Carries out lines of `ip` of which any may fail: what is to go may be gone. */
async function ipForcing(lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await tryRun("ip", ["-force", "-batch", "-"], `${lines.join("\n")}\n`);
}

const ipInside = (netns: string, lines: readonly string[]) =>
  run("nsenter", [`--net=${netns}`, "ip", "-batch", "-"], `${lines.join("\n")}\n`);

/** Makes the bridges that are not there yet, and gives all of them their addresses. */
export async function makeBridges(bridges: readonly Bridge[], owner: Owner): Promise<void> {
  if (bridges.length === 0) return;
  const there = await allLinks();
  // A bridge that the administrator made is used as it is.
  await ip(bridges.filter(({ link }) => !there.has(link)).flatMap((bridge) => bridgeLines(bridge, owner)));
  await Promise.all([enableForwarding(bridges), ...bridges.map(settleBridge)]);
  await ip(bridges.flatMap(addressLines));
}

export async function removeLinks(links: readonly string[], owner: Owner): Promise<void> {
  await ipForcing(removalLines(links, owner));
}

export interface Made {
  readonly station: Station;
  /** Why it could not be made; nothing of it is left then. */
  readonly error?: unknown;
}

/** Makes namespaces with all that is inside, and plugs their links into the bridges. */
export async function makeStations(stations: readonly Station[], owner: Owner): Promise<Made[]> {
  const made = await each(stations, async (station): Promise<Made> => {
    try {
      await makeNamespace(station);
      await ipInside(station.netns, insideLines(station, owner, hostNetns));
      await setSysctls(
        station.netns,
        station.attachments.flatMap(({ sysctls }) => [...sysctls]),
      );
      return { station };
    } catch (error) {
      return { station, error };
    }
  });
  const good = made.filter(({ error }) => error === undefined).map(({ station }) => station);
  await plug(good.flatMap(({ attachments }) => attachments));
  await removeStations(
    made.filter(({ error }) => error !== undefined).map(({ station }) => station),
    owner,
  );
  return made;
}

/** Links' host ends into their bridges. */
export const plug = (attachments: readonly Attachment[]): Promise<void> => ip(portLines(attachments));

/** The same for links of which some may be missing, after a daemon's death. */
export const replug = (attachments: readonly Attachment[]): Promise<void> => ipForcing(portLines(attachments));

/** Takes namespaces away, with their links at once: the kernel alone would do that later, and addresses would linger. */
export async function removeStations(stations: readonly Station[], owner: Owner): Promise<void> {
  if (stations.length === 0) return;
  const links = stations.flatMap(({ attachments }) => attachments.map(({ id }) => hostLink(id)));
  await removeLinks(links, owner);
  await unpin(stations.map(({ netns }) => netns));
}

/**
 * Adds a link to a namespace that is in use. Of one that was there before, a rule may be left: where its removal, or its
 * making, was cut off by the daemon's death.
 */
export async function attach(station: Station, attachment: Attachment, owner: Owner): Promise<void> {
  await ipInside(station.netns, [loopbackGuard(attachment, "delete")]).catch(() => {});
  const hasIPv6 = attachment.addresses.some(({ family }) => family === 6);
  if (hasIPv6) await setSysctls(station.netns, [["net.ipv6.conf.default.disable_ipv6", "0"]]);
  await ipInside(station.netns, [...attachLines(attachment, owner, hostNetns), ...routeLines(station)]);
  await setSysctls(station.netns, [...attachment.sysctls]);
  await plug([attachment]);
}

/** Takes a link out of a namespace that is in use; `station` is what is left. */
export async function detach(station: Station, attachment: Attachment, owner: Owner): Promise<void> {
  await removeLinks([hostLink(attachment.id)], owner);
  await ipInside(station.netns, [loopbackGuard(attachment, "delete"), ...routeLines(station)]);
}

/** A namespace, pinned at a path that outlives every process, with its settings but no links. */
async function makeNamespace({ netns, attachments, sysctls }: Station): Promise<void> {
  await mkdir(path.dirname(netns), { recursive: true, mode: 0o700 });
  await (await open(netns, "w", 0o600)).close();
  const hasIPv6 = attachments.some(({ addresses }) => addresses.some(({ family }) => family === 6));
  const settings = new Map([
    // The answers of 127.0.0.11 come from outside.
    ["net.ipv4.conf.all.route_localnet", "1"],
    ["net.ipv6.conf.default.accept_ra", "0"],
    ...(hasIPv6 ? [] : [["net.ipv6.conf.default.disable_ipv6", "1"] as const]),
    ...sysctls,
  ]);
  await run("unshare", [`--net=${netns}`, "sysctl", "-q", "-w", ...assignments([...settings])]);
}

async function setSysctls(netns: string, settings: readonly (readonly [string, string])[]): Promise<void> {
  if (settings.length > 0) await run("nsenter", [`--net=${netns}`, "sysctl", "-q", "-w", ...assignments(settings)]);
}

const assignments = (settings: readonly (readonly [string, string])[]) =>
  settings.map(([key, value]) => `${key}=${value}`);

/** Takes away the files that pin namespaces: one without a process ends with that. */
export async function unpin(paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return;
  await tryRun("umount", ["--lazy", "--quiet", "--", ...paths]);
  await Promise.all(paths.map((file) => rm(file, { force: true })));
}

/** The namespaces pinned in a folder. */
export async function pinnedIn(folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return (await readdir(folder)).map((name) => path.join(folder, name));
}

/** The links of the host that bear our mark. */
export async function ownLinks(owner: Owner): Promise<ReadonlySet<string>> {
  return new Set([...(await linksOf(owner.group)), ...(await linksOf(owner.group + 1))]);
}

async function linksOf(group: number): Promise<string[]> {
  return readLinks(await run("ip", ["-json", "link", "show", "group", String(group)]));
}

/** All links of the host. */
export async function allLinks(): Promise<ReadonlySet<string>> {
  return new Set(readLinks(await run("ip", ["-json", "link", "show"])));
}

function readLinks(json: string): string[] {
  const links: readonly { readonly ifname?: string }[] = json.trim() === "" ? [] : JSON.parse(json);
  return links.flatMap(({ ifname }) => (ifname === undefined ? [] : [ifname]));
}

/** Runs over all, a few at a time, in order of their start. */
async function each<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  const queue = items.entries();
  await Promise.all(
    Array.from({ length: Math.min(atATime, items.length) }, async () => {
      for (const [index, item] of queue) results[index] = await work(item);
    }),
  );
  return results;
}
