/**
 * How everything below a data root is written: the only module that does. A reader sees the old content or the new one,
 * never a part; with `sync` that holds through a power cut too.
 */

import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

/** What an interrupted write leaves behind; swept when the daemon starts. */
export const temporaryPrefix = ".tmp-";

export interface WriteOptions {
  /** Be on disk before the promise resolves; else only the death of this process is survived. */
  readonly sync: boolean;
  /** Permission bits; 0600 unless given. */
  readonly mode?: number;
}

/** Writes a file whole: a temporary one in the same folder, synced, then renamed over the old one. */
export async function writeFileDurably(
  file: string,
  content: string | Uint8Array,
  options: WriteOptions,
): Promise<void> {
  const temporary = path.join(path.dirname(file), `${temporaryPrefix}${randomBytes(8).toString("hex")}`);
  try {
    const handle = await open(
      temporary,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
      options.mode ?? 0o600,
    );
    try {
      await handle.writeFile(content);
      if (options.sync) await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  if (options.sync) await syncFolder(path.dirname(file));
}

/** Removes what interrupted writes have left in a folder: for a daemon that starts. A folder that is not there is empty. */
export async function sweepTemporary(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const left = names.filter((name) => name.startsWith(temporaryPrefix));
  await Promise.all(left.map((name) => rm(path.join(folder, name), { force: true })));
}

/** Puts what was written as `from` in place under its final name `to`, a file or a folder that is synced already. */
export async function moveDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(path.dirname(to));
}

/** Removes a file, so that it stays removed. One that is not there is no error. */
export async function removeFileDurably(file: string): Promise<void> {
  await rm(file, { force: true });
  await syncFolder(path.dirname(file));
}

/** Makes a folder, and those above it, readable by nobody else. */
export async function makeFolder(folder: string, mode = 0o700): Promise<void> {
  await mkdir(folder, { recursive: true, mode });
}

/** A folder's entries are on disk when this resolves. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Everything written so far to the file system that a folder is on is on disk when this resolves (syncfs(2)). */
export async function syncFileSystem(folder: string): Promise<void> {
  await promisify(execFile)("sync", ["--file-system", folder]);
}
