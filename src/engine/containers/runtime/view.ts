/**
 * The view of the host in which the OCI runtime is started. crun refuses a hybrid layout of control groups; in a mount
 * namespace without the hierarchy of version 2 it works. That namespace is a peer of the host's for everything else: mounts
 * below shared mounts reach it (and, for binds with `rshared`, the host) by themselves, and where the host has mounted
 * something that cannot, it is made anew.
 */

import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { type MountEntry, parseMountTable, unsharedMounts } from "./mount-table.ts";
import { run, succeed } from "./run.ts";

export interface View {
  /** Works with what to put before a program and its arguments so that it starts in the view. */
  within<T>(work: (enter: readonly string[]) => Promise<T>): Promise<T>;
}

/** The host as it is. */
export const plainView: View = { within: (work) => work([]) };

/** The mount table of this process. */
export async function readMountTable(): Promise<readonly MountEntry[]> {
  return parseMountTable(await readFile("/proc/self/mountinfo", "utf8"));
}

/** Makes a directory a mount of its own whose mounts reach every view. Nothing is done where it is one already. */
export async function shareFolder(folder: string, propagation: "shared" | "private"): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readMountTable()).some(({ target }) => target === folder)) return;
  await succeed("mount", ["--no-mtab", "--rbind", "--", folder, folder]);
  // Not shared at first: a shared mount's own copies would follow it.
  await succeed("mount", ["--no-mtab", "--make-private", "--", folder]);
  if (propagation === "shared") await succeed("mount", ["--no-mtab", "--make-shared", "--", folder]);
}

/** One mount namespace, pinned by a file. */
interface Pinned {
  readonly file: string;
  /** The host's mounts that it was made with. */
  readonly seen: string;
  readonly made: Promise<void>;
  /** How many work with it. */
  users: number;
}

/**
 * A view without the version 2 hierarchies. `folder`: where it is pinned. Those that an earlier daemon made are let go of;
 * what runs in them keeps them.
 */
export async function openLegacyView(folder: string): Promise<View> {
  await shareFolder(folder, "private");
  const stale = (await readMountTable()).filter(({ target }) => path.dirname(target) === folder);
  for (const { target } of stale) await unpin(target);
  let count = 0;
  let current: Pinned | undefined;

  const leave = async (pinned: Pinned): Promise<void> => {
    pinned.users--;
    if (pinned !== current && pinned.users === 0) await unpin(pinned.file);
  };

  /** Whoever looks is a user of what is found until it leaves it: another look may make it anew meanwhile. */
  const look = async (): Promise<Pinned> => {
    const table = await readMountTable();
    const seen = unsharedMounts(table.filter(({ target }) => path.dirname(target) !== folder));
    if (current?.seen === seen) {
      current.users++;
      return current;
    }
    const old = current;
    const file = path.join(folder, `view-${++count}`);
    const mine: Pinned = { file, seen, made: pin(file, table), users: 1 };
    current = mine;
    mine.made.catch(() => {
      if (current === mine) current = undefined;
    });
    if (old?.users === 0) await unpin(old.file);
    return mine;
  };

  let next: Promise<Pinned> | undefined;
  // One look serves all who asked before it began.
  const lookTogether = () => {
    next ??= new Promise((resolve) => setImmediate(resolve)).then(async () => {
      next = undefined;
      const found = await look();
      // All who asked have become users by then. A pin that cannot be taken away is let go of at the next start.
      setImmediate(() => leave(found).catch(() => {}));
      return found;
    });
    return next;
  };

  return {
    within: async (work) => {
      const mine = await lookTogether();
      mine.users++;
      try {
        await mine.made;
        return await work(["nsenter", `--mount=${mine.file}`, "--"]);
      } finally {
        await leave(mine);
      }
    },
  };
}

async function pin(file: string, table: readonly MountEntry[]): Promise<void> {
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
}

async function unpin(file: string): Promise<void> {
  await run("umount", ["--lazy", "--no-mtab", "--", file]);
  await rm(file, { force: true });
}

/** The mount that a path lies in. */
function mountOf(table: readonly MountEntry[], file: string): string {
  const around = table.map(({ target }) => target).filter((target) => isBelow(file, target));
  return around.reduce((longest, target) => (target.length > longest.length ? target : longest), "/");
}

const isBelow = (file: string, folder: string) =>
  folder === "/" || file === folder || file.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
