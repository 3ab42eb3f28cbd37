/** A tar archive as it is pulled from: member by member, each with its content. */

import type { TarEntry } from "./entry.ts";
import { readTar } from "./read.ts";

export type TarPiece =
  | { readonly entry: TarEntry }
  | { readonly content: Buffer }
  /** The member is complete. */
  | { readonly closed: true };

/** Throws TarError. */
export async function* readMembers(tar: AsyncIterable<Uint8Array>): AsyncGenerator<TarPiece, void, undefined> {
  let pieces: TarPiece[] = [];
  const reader = readTar({
    entry: (entry) => pieces.push({ entry }),
    content: (content) => pieces.push({ content }),
    close: () => pieces.push({ closed: true }),
  });
  for await (const chunk of tar) {
    pieces = [];
    reader.write(chunk);
    yield* pieces;
  }
  reader.end();
}
