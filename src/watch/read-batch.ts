/** A batch as a tar, files read from the disk. */

import { closeSync, fstatSync, lstatSync, openSync, readlinkSync, readSync, type Stats } from "node:fs";
import path from "node:path";
import type { Headers, Pack } from "tar-stream";
import type { Delta } from "./ledger.ts";
import { kindOf } from "./read-tree.ts";

const pieceLength = 256 * 1024;

export interface BatchOptions {
  /** Removals go into the tar, as OCI whiteouts. */
  readonly whiteouts: boolean;
  /** A file that cannot be read is left out. */
  readonly onUnreadable: (file: string, error: unknown) => void;
}

/**
 * A tar to be unpacked at `/`: removals, then what is written. Modes and times are the files'; the owner is the engine's to
 * choose. A file that has vanished is left out, its removal comes with the next batch. One that grows while it is read is
 * cut off where it ended before, and comes again.
 */
export async function* readBatch({ removals, puts }: Delta, options: BatchOptions): AsyncGenerator<Uint8Array> {
  const { pack } = await import("tar-stream");
  const tar = pack();
  const fill = async () => {
    for (const target of options.whiteouts ? removals : []) {
      const name = path.posix.join(path.posix.dirname(target), `.wh.${path.posix.basename(target)}`);
      await addEntry(tar, { name: memberName(name), type: "file", mode: 0o600, mtime: new Date(0) }, Buffer.alloc(0));
    }
    for (const { source, target } of puts) {
      try {
        await addPath(tar, source, memberName(target));
      } catch (error) {
        options.onUnreadable(source, error);
      }
    }
    tar.finalize();
  };
  fill().catch((error: unknown) => tar.destroy(error instanceof Error ? error : new Error(String(error))));
  yield* tar;
}

function memberName(target: string): string {
  return target.replace(/^\/+/, "");
}

async function addPath(tar: Pack, source: string, name: string): Promise<void> {
  const stats = lstatSync(source, { throwIfNoEntry: false });
  const kind = stats === undefined ? undefined : kindOf(stats);
  if (stats === undefined || kind === undefined) return;
  if (kind === "directory") await addEntry(tar, { ...headerOf(name, stats), type: "directory" });
  else if (kind === "symlink") {
    await addEntry(tar, { ...headerOf(name, stats), type: "symlink", linkname: readlinkSync(source) });
  } else await addFile(tar, source, name);
}

async function addFile(tar: Pack, source: string, name: string): Promise<void> {
  const descriptor = openSync(source, "r");
  try {
    const stats = fstatSync(descriptor);
    const header: Headers = { ...headerOf(name, stats), type: "file", size: stats.size };
    if (stats.size <= pieceLength) return await addEntry(tar, header, readPiece(descriptor, 0, stats.size));
    await new Promise<void>((done, fail) => {
      const entry = tar.entry(header, (error) => (error ? fail(error) : done()));
      const copy = async () => {
        for (let offset = 0; offset < stats.size; offset += pieceLength) {
          const piece = readPiece(descriptor, offset, Math.min(pieceLength, stats.size - offset));
          if (!entry.write(piece)) await new Promise<void>((resume) => entry.once("drain", resume));
        }
        entry.end();
      };
      // Its header is written: the tar is of no use without the rest, and the batch is tried again.
      copy().catch((error: Error) => tar.destroy(error));
    });
  } finally {
    closeSync(descriptor);
  }
}

/** What is missing of a file that became shorter is zeros. */
function readPiece(descriptor: number, offset: number, length: number): Buffer {
  const piece = Buffer.alloc(length);
  for (let filled = 0; filled < length; ) {
    const count = readSync(descriptor, piece, filled, length - filled, offset + filled);
    if (count === 0) break;
    filled += count;
  }
  return piece;
}

function addEntry(tar: Pack, header: Headers, data?: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    tar.entry(header, data, (error) => (error ? reject(error) : resolve()));
  });
}

function headerOf(name: string, stats: Stats): Headers {
  return { name, uid: 0, gid: 0, mode: stats.mode & 0o7777, mtime: new Date(Math.max(0, stats.mtimeMs)) };
}
