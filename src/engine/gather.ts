/** Small pieces of a stream as large ones: hashing and writing cost by the piece. */

const pieceLength = 1024 * 1024;

/** Pieces of at least so many bytes, but for the last one. */
export async function* gather(
  source: AsyncIterable<Uint8Array>,
  atLeast: number = pieceLength,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunks of bundle(source, atLeast)) yield joined(chunks);
}

/** The same without copying: each piece as the list of chunks that it consists of. */
export async function* bundle<T extends Uint8Array>(
  source: AsyncIterable<T>,
  atLeast: number = pieceLength,
): AsyncGenerator<readonly T[], void, undefined> {
  let held: T[] = [];
  let length = 0;
  for await (const chunk of source) {
    held.push(chunk);
    length += chunk.length;
    if (length < atLeast) continue;
    yield held;
    held = [];
    length = 0;
  }
  if (length > 0) yield held;
}

function joined(chunks: readonly Uint8Array[]): Buffer {
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) return Buffer.from(only.buffer, only.byteOffset, only.byteLength);
  return Buffer.concat(chunks);
}
