/** The host's control groups: which layout it has, and the directories of one container. */

import { readdir, readFile, rmdir } from "node:fs/promises";
import path from "node:path";
import type { MountEntry } from "./mount-table.ts";

/** `hybrid`: version 1, with an empty or nearly empty version 2 beside it. */
export type CgroupLayout = "v1" | "v2" | "hybrid" | "none";

export interface Cgroups {
  readonly layout: CgroupLayout;
  /** Where hierarchies are mounted: one for v2, one for each controller of v1. */
  readonly roots: readonly string[];
}

/** Reads the layout from the mount table. */
export function findCgroups(table: readonly MountEntry[]): Cgroups {
  const v1 = table.filter(({ type }) => type === "cgroup");
  const v2 = table.filter(({ type }) => type === "cgroup2");
  const roots = [...v1, ...v2].map(({ target }) => target);
  if (v1.length === 0) return { layout: v2.length === 0 ? "none" : "v2", roots };
  return { layout: v2.length === 0 ? "v1" : "hybrid", roots };
}

/** The processes in a container's group and below it. */
export async function processesIn(cgroups: Cgroups, group: string): Promise<readonly number[]> {
  const found = new Set<number>();
  const visit = async (folder: string): Promise<void> => {
    const text = await readFile(path.join(folder, "cgroup.procs"), "utf8").catch(() => "");
    for (const line of text.split("\n")) if (line !== "") found.add(Number(line));
    for (const child of await childrenOf(folder)) await visit(child);
  };
  // Every hierarchy of v1 holds all of the container's processes: the first that has the group is enough.
  for (const root of cgroups.roots) {
    await visit(path.join(root, group));
    if (found.size > 0) break;
  }
  return [...found];
}

/** Whether a container's processes are held by the freezer. */
export async function isFrozen(cgroups: Cgroups, group: string): Promise<boolean> {
  const files = cgroups.roots.flatMap((root) => [
    { file: path.join(root, group, "freezer.state"), held: /^FR/ },
    { file: path.join(root, group, "cgroup.freeze"), held: /^1/ },
  ]);
  const texts = files.map(async ({ file, held }) => held.test(await readFile(file, "utf8").catch(() => "")));
  return (await Promise.all(texts)).includes(true);
}

/** Removes a container's empty group from all hierarchies; a group that is gone is no error. */
export async function removeCgroup(cgroups: Cgroups, group: string): Promise<void> {
  await Promise.all(cgroups.roots.map((root) => removeGroup(path.join(root, group))));
}

/** Kills what is left in a group that the runtime knows nothing of any more, and removes it as far as it is empty. */
export async function clearCgroup(cgroups: Cgroups, group: string): Promise<void> {
  for (const pid of await processesIn(cgroups, group)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It is gone already.
    }
  }
  await removeCgroup(cgroups, group).catch(() => {});
}

async function removeGroup(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") return;
    if (code !== "EBUSY" && code !== "ENOTEMPTY") throw error;
    const children = await childrenOf(folder);
    if (children.length === 0) throw error;
    for (const child of children) await removeGroup(child);
    await rmdir(folder);
  }
}

async function childrenOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => path.join(folder, name));
}
