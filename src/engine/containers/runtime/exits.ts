/** The directory in which conmon leaves exit codes. */

import { watch } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";

export interface Exits {
  /** The exit code that lies there for a container; undefined: none yet. */
  read(id: string): Promise<number | undefined>;
  /** Takes it away: it has been taken note of. */
  discard(id: string): Promise<void>;
  /** All containers that an exit code lies there for. */
  list(): Promise<readonly string[]>;
  close(): void;
}

/** Watches the directory, made where it is missing; `ended` is called with the ID, maybe more than once for one end. */
export async function openExits(folder: string, ended: (id: string) => void): Promise<Exits> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const list = async () => (await readdir(folder)).filter((name) => isId.test(name));
  const watcher = watch(folder, (_, name) => {
    if (name === null) void list().then((ids) => ids.forEach(ended));
    else if (isId.test(name)) ended(name);
  });
  // A lost event would be a container that never ends: the kernel says so, and everything is looked at again.
  watcher.on("error", () => void list().then((ids) => ids.forEach(ended)));
  return {
    read: async (id) => {
      const text = await readFile(path.join(folder, id), "utf8").catch(() => "");
      return /^\d+$/.test(text.trim()) ? Number(text) : undefined;
    },
    discard: (id) => rm(path.join(folder, id), { force: true }),
    list,
    close: () => watcher.close(),
  };
}

const isId = /^[0-9a-f]{64}$/;
