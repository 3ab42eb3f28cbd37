/** Placed files as the tar of a layer. */

import type { PackedPiece } from "../images/pack.ts";
import { paddingOf } from "../images/tar/entry.ts";
import { encodeEntry, endOfArchive } from "../images/tar/header.ts";
import type { Placed } from "./place.ts";

/** Returns the sum of the files' sizes. */
export async function* copyPieces(placed: Iterable<Placed>): AsyncGenerator<PackedPiece, number, undefined> {
  let size = 0;
  for (const { entry, node, tree } of placed) {
    yield { data: encodeEntry(entry), isHeader: true };
    if (node === undefined || tree === undefined || entry.size === 0) continue;
    size += entry.size;
    const content = tree.read(node);
    // Most files are read at once: they need not wait.
    if (Symbol.iterator in content) for (const data of content) yield { data, isHeader: false };
    else for await (const data of content) yield { data, isHeader: false };
    if (paddingOf(entry.size) > 0) yield { data: Buffer.alloc(paddingOf(entry.size)), isHeader: false };
  }
  yield { data: endOfArchive, isHeader: true };
  return size;
}

/** The same as the tar itself. */
export async function* copyTar(placed: Iterable<Placed>): AsyncGenerator<Buffer, void, undefined> {
  for await (const { data } of copyPieces(placed)) yield data;
}
