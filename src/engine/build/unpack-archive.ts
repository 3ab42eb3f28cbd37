/** ADD unpacks archives: tar, plain or compressed with gzip, bzip2, xz or zstd. */

import { compressionOf, decompress } from "../images/decompress.ts";
import { TarError } from "../images/tar/entry.ts";
import { decodeHeader } from "../images/tar/header.ts";
import { badRequest } from "../refusal.ts";
import type { Build } from "./build.ts";
import { belowOf, type Selected } from "./select.ts";
import { receiveTree } from "./tree.ts";
import { asText } from "./view.ts";

/** What is in an archive, as a directory; everything else as it is. EngineError 400 for a damaged archive. */
export async function unpackArchive(build: Build, selected: Selected): Promise<Selected> {
  const { node, isDirectory, tree } = selected;
  if (node === undefined || isDirectory || node.entry.type !== "file" || node.entry.size < 20) return selected;
  const start = tree.start(node, 512);
  const isPacked = compressionOf(start) !== "none";
  if (!isPacked && !isTarHeader(start)) return selected;
  const bytes = () => asAsync(tree.read(node));
  if (isPacked && !(await beginsWithTar(bytes()))) return selected;
  const inner = await receiveTree(decompress(bytes()), build.temporary()).catch((error: unknown) => {
    build.signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    throw badRequest(`"${asText(selected.name)}" cannot be unpacked, it is damaged or cut off: ${reason}`, error);
  });
  build.atEnd(inner.close);
  return { name: "", node: undefined, isDirectory: true, below: belowOf(inner), tree: inner, keepOwners: true };
}

function isTarHeader(block: Buffer): boolean {
  try {
    return block.length === 512 && decodeHeader(block) !== undefined;
  } catch (error) {
    if (error instanceof TarError) return false;
    throw error;
  }
}

async function beginsWithTar(packed: AsyncIterable<Buffer>): Promise<boolean> {
  const start: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of decompress(packed)) {
      start.push(chunk);
      length += chunk.length;
      if (length >= 512) break;
    }
  } catch {
    return false;
  }
  return isTarHeader(Buffer.concat(start).subarray(0, 512));
}

async function* asAsync(chunks: AsyncIterable<Buffer> | Iterable<Buffer>): AsyncGenerator<Buffer> {
  yield* chunks;
}
