/**
 * The view of the host in which the OCI runtime is started. crun refuses a hybrid layout of control groups; in a mount
 * namespace without the hierarchy of version 2 it works. That namespace is a peer of the host's for everything else: mounts
 * below shared mounts reach it (and, for binds with `rshared`, the host) by themselves, and where the host has mounted
 * something that cannot, it is made anew.
 */

import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { type MountEntry, parseMountTable, unsharedMounts } from "./mount-table.ts";
import { run, succeed } from "./run.ts";

export interface View {
  /** What to put before a program and its arguments, so that it starts in the view. */
  enter(): Promise<readonly string[]>;
}

/** The host as it is. */
export const plainView: View = { enter: async () => [] };

/** The mount table of this process. */
export async function readMountTable(): Promise<readonly MountEntry[]> {
  return parseMountTable(await readFile("/proc/self/mountinfo", "utf8"));
}

/** Makes a directory a mount of its own whose mounts reach every view. Nothing is done where it is one already. */
export async function shareFolder(folder: string, propagation: "shared" | "private"): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readMountTable()).some(({ target }) => target === folder)) return;
  await succeed("mount", ["--no-mtab", "--bind", "--", folder, folder]);
  // Not shared at first: a shared mount's own copies would follow it.
  await succeed("mount", ["--no-mtab", "--make-private", "--", folder]);
  if (propagation === "shared") await succeed("mount", ["--no-mtab", "--make-shared", "--", folder]);
}

/**
 * A view without the version 2 hierarchies, held by a file in `folder`. The one that an earlier daemon made is replaced;
 * what runs in it keeps it.
 */
export async function openLegacyView(folder: string): Promise<View> {
  await shareFolder(folder, "private");
  const file = path.join(folder, "view");
  let current: { readonly seen: string; readonly made: Promise<void> } | undefined;

  const make = async (table: readonly MountEntry[]) => {
    await run("umount", ["--lazy", "--no-mtab", "--", file]);
    await writeFile(file, "", { mode: 0o600 });
    await succeed("unshare", [`--mount=${file}`, "--propagation", "unchanged", "--", "true"]);
    const unified = table.filter(({ type }) => type === "cgroup2").map(({ target }) => target);
    const enter = [`--mount=${file}`, "--"];
    // Private first: the host keeps what is taken away here.
    const parents = [...new Set(unified.map((target) => mountOf(table, path.dirname(target))))];
    for (const parent of parents) {
      await succeed("nsenter", [...enter, "mount", "--no-mtab", "--make-rprivate", "--", parent]);
    }
    await succeed("nsenter", [...enter, "umount", "--no-mtab", "--", ...unified]);
  };

  return {
    enter: async () => {
      const table = await readMountTable();
      const seen = unsharedMounts(table.filter(({ target }) => target !== file));
      if (current?.seen !== seen) current = { seen, made: make(table) };
      const mine = current;
      await mine.made.catch((error: unknown) => {
        if (current === mine) current = undefined;
        throw error;
      });
      return ["nsenter", `--mount=${file}`, "--"];
    },
  };
}

/** The mount that a path lies in. */
function mountOf(table: readonly MountEntry[], file: string): string {
  const around = table.map(({ target }) => target).filter((target) => isBelow(file, target));
  return around.reduce((longest, target) => (target.length > longest.length ? target : longest), "/");
}

const isBelow = (file: string, folder: string) =>
  folder === "/" || file === folder || file.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
