/** Small pieces of a stream as large ones: hashing and writing cost by the piece. */

const pieceLength = 1024 * 1024;

/** Pieces of at least so many bytes, but for the last one. */
export async function* gather(
  source: AsyncIterable<Uint8Array>,
  atLeast: number = pieceLength,
): AsyncGenerator<Buffer, void, undefined> {
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    held.push(chunk);
    length += chunk.length;
    if (length < atLeast) continue;
    yield joined(held, length);
    held = [];
    length = 0;
  }
  if (length > 0) yield joined(held, length);
}

function joined(chunks: readonly Uint8Array[], length: number): Buffer {
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) return Buffer.from(only.buffer, only.byteOffset, only.byteLength);
  return Buffer.concat(chunks, length);
}
