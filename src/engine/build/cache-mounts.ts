/** Directories that RUN steps share across builds: `--mount=type=cache`. */

import { createHash, randomBytes } from "node:crypto";
import { chmod, chown, cp, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { makeFolder } from "../daemon/durable.ts";

export interface CacheMountRequest {
  readonly id: string;
  readonly sharing: "shared" | "private" | "locked";
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  /** What it begins with: a directory, and what says which files are in it. */
  readonly initial?: { readonly directory: string; readonly key: string };
}

export interface CacheMounts {
  /** A directory for one step; `release` gives it back. With `locked` it is waited for. */
  take(request: CacheMountRequest): Promise<{ readonly directory: string; release(): Promise<void> }>;
  /** Removes all that no step uses. */
  prune(): Promise<void>;
}

/** `folder`: where they are; made where it is missing. */
export async function openCacheMounts(folder: string): Promise<CacheMounts> {
  await makeFolder(folder);
  const users = new Map<string, number>();
  const locks = new Map<string, Promise<void>>();

  const make = async (directory: string, { uid, gid, mode, initial }: CacheMountRequest) => {
    if ((await stat(directory).catch(() => undefined)) !== undefined) return;
    const temporary = `${directory}.${randomBytes(4).toString("hex")}`;
    await mkdir(temporary);
    if (initial !== undefined)
      await cp(initial.directory, temporary, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    await chown(temporary, uid, gid);
    await chmod(temporary, mode);
    // Another step may have been faster: then its directory is the one.
    await rename(temporary, directory).catch(() => rm(temporary, { recursive: true, force: true }));
  };

  return {
    take: async (request) => {
      // An ID is the Dockerfile's text: never a part of a path.
      const { id, uid, gid, mode, initial, sharing } = request;
      // Caches of another owner, or another beginning, are other caches.
      const identity = JSON.stringify([id, uid, gid, mode, initial?.key]);
      const name = createHash("sha256").update(identity).digest("hex");
      let directory = path.join(folder, name);
      let unlock = () => {};
      if (sharing === "locked") {
        const before = locks.get(name) ?? Promise.resolve();
        const mine = new Promise<void>((resolve) => (unlock = resolve));
        const queue = before.then(() => mine);
        locks.set(name, queue);
        await before;
      }
      for (let i = 1; sharing === "private" && (users.get(directory) ?? 0) > 0; i++)
        directory = path.join(folder, `${name}-${i}`);
      users.set(directory, (users.get(directory) ?? 0) + 1);
      await make(directory, request);
      return {
        directory,
        release: async () => {
          const left = (users.get(directory) ?? 1) - 1;
          if (left === 0) users.delete(directory);
          else users.set(directory, left);
          unlock();
        },
      };
    },
    prune: async () => {
      for (const name of await readdir(folder)) {
        const directory = path.join(folder, name);
        if (!users.has(directory)) await rm(directory, { recursive: true, force: true });
      }
    },
  };
}
