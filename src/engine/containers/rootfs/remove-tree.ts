/** Takes a tree of files away, and never anything that is only mounted or linked there. */

import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { readdir, rmdir, unlink } from "node:fs/promises";
import { isMissing } from "./walk.ts";

/** Removes a directory and what is in it, on its own file system only. One that is not there is no error. */
export async function removeTree(folder: string): Promise<void> {
  let fd: number;
  try {
    fd = openFolder(folder);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  try {
    await empty(fd, fstatSync(fd).dev);
  } finally {
    closeSync(fd);
  }
  await rmdir(folder);
}

async function empty(folder: number, device: number): Promise<void> {
  const here = `/proc/self/fd/${folder}`;
  // Names may be any bytes: as text they would not all be found again.
  for (const entry of await readdir(here, { withFileTypes: true, encoding: "buffer" })) {
    const path = Buffer.concat([Buffer.from(`${here}/`), entry.name]);
    if (!entry.isDirectory()) {
      await unlink(path).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
      continue;
    }
    const child = openFolder(path);
    try {
      if (fstatSync(child).dev !== device)
        throw new Error(`something is mounted in a tree to be removed: ${entry.name}`);
      await empty(child, device);
    } finally {
      closeSync(child);
    }
    await rmdir(path);
  }
}

function openFolder(path: string | Buffer): number {
  return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}
