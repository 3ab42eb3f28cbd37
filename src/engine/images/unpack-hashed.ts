/** Unpacks a layer's tar, and finds out what it was called. */

import { createHash } from "node:crypto";
import { unpackLayer } from "./unpack.ts";

export interface Unpacked {
  /** The digest of the tar. */
  readonly diffId: string;
  /** Length of the tar in bytes. */
  readonly tarSize: number;
  /** Sum of the files' sizes. */
  readonly size: number;
}

/** `directory` is there, and empty. Throws TarError for a bad tar; what was unpacked of it is the caller's to remove. */
export async function unpackHashed(tar: AsyncIterable<Uint8Array>, directory: string): Promise<Unpacked> {
  const hash = createHash("sha256");
  let tarSize = 0;
  const hashed = async function* () {
    for await (const chunk of tar) {
      hash.update(chunk);
      tarSize += chunk.length;
      yield chunk;
    }
  };
  const { size } = await unpackLayer(hashed(), directory);
  return { diffId: `sha256:${hash.digest("hex")}`, tarSize, size };
}
