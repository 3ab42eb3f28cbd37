/** Content by its digest: compressed layers as they came. Written once, verified while written, never changed. */

import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { makeFolder, temporaryPrefix } from "../daemon/durable.ts";

export interface Blobs {
  /** Its length in bytes, undefined where it is not here. */
  size(digest: string): Promise<number | undefined>;
  /** Its bytes after the first `from`. */
  read(digest: string, from?: number): AsyncIterable<Buffer>;
  /**
   * Takes bytes in as they come, and passes them on; done when both have reached the end. Not synced: whoever refers to it
   * syncs first.
   */
  receive(): Promise<BlobWriter>;
  remove(digest: string): Promise<void>;
  all(): Promise<readonly string[]>;
}

export interface BlobWriter {
  write(...chunks: readonly Uint8Array[]): Promise<void>;
  /** What was written so far. */
  readonly length: number;
  /** Puts it in place. Throws, and keeps nothing, when it has another digest than it should. */
  commit(expected?: string): Promise<string>;
  abandon(): Promise<void>;
}

export async function openBlobs(folder: string): Promise<Blobs> {
  await makeFolder(folder);
  for (const name of await readdir(folder)) if (name.startsWith(temporaryPrefix)) await rm(path.join(folder, name));
  const fileOf = (digest: string) => path.join(folder, digest.slice("sha256:".length));

  return {
    size: async (digest) => (await stat(fileOf(digest)).catch(() => undefined))?.size,
    read: (digest, from = 0) => createReadStream(fileOf(digest), { start: from, highWaterMark: 1024 * 1024 }),
    remove: (digest) => rm(fileOf(digest), { force: true }),
    all: async () => (await readdir(folder)).filter((name) => !name.startsWith(".")).map((name) => `sha256:${name}`),
    receive: async () => {
      const temporary = path.join(folder, `${temporaryPrefix}${randomBytes(8).toString("hex")}`);
      const handle = await open(temporary, "wx", 0o600);
      const hash = createHash("sha256");
      let length = 0;
      const abandon = async () => {
        await handle.close().catch(() => {});
        await rm(temporary, { force: true });
      };
      return {
        get length() {
          return length;
        },
        write: async (...chunks) => {
          for (const chunk of chunks) {
            hash.update(chunk);
            length += chunk.length;
          }
          // A file takes all of it; a disk that is full, what there is room for, and then it says so.
          for (let left: readonly Uint8Array[] = chunks; left.length > 0; ) {
            left = without(left, (await handle.writev([...left])).bytesWritten);
          }
        },
        commit: async (expected) => {
          const digest = `sha256:${hash.digest("hex")}`;
          if (expected !== undefined && digest !== expected) {
            await abandon();
            throw new Error(`expected the digest ${expected}, but what came has ${digest}`);
          }
          await handle.close();
          await rename(temporary, fileOf(digest));
          return digest;
        },
        abandon,
      };
    },
  };
}

/** The chunks without their first bytes. */
function without(chunks: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let skip = count;
  return chunks.flatMap((chunk) => {
    const skipped = Math.min(skip, chunk.length);
    skip -= skipped;
    return skipped === chunk.length ? [] : [chunk.subarray(skipped)];
  });
}
