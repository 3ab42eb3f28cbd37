/** What containers write: docker's multiplexed stream, or the plain bytes of a TTY. */

import { EngineError } from "../errors.ts";
import type { Frame } from "./api.ts";

const headerLength = 8;

/**
 * The frames of a multiplexed stream: 8 bytes of header (kind, three zeros, length as big-endian uint32), then the
 * payload. Chunks may end anywhere. A payload that lies in one chunk is a view of it, not a copy. Ends with EngineError
 * for a frame of kind 3 (the engine reports an error) and for bytes that are no frames.
 * Source: https://docs.docker.com/reference/api/engine/version/v1.51/#tag/Container/operation/ContainerAttach
 */
export async function* parseFrames(chunks: AsyncIterable<Buffer>): AsyncGenerator<Frame, void, undefined> {
  let held: Buffer[] = [];
  let heldLength = 0;
  let needed = headerLength;
  for await (const chunk of chunks) {
    held.push(chunk);
    heldLength += chunk.length;
    // Waiting for the rest of a long frame: join the pieces once, not for every chunk.
    if (heldLength < needed) continue;
    const bytes = held.length === 1 ? chunk : Buffer.concat(held, heldLength);
    let offset = 0;
    for (;;) {
      needed = headerLength;
      if (bytes.length - offset < needed) break;
      const length = readHeader(bytes, offset);
      needed += length;
      if (bytes.length - offset < needed) break;
      const data = bytes.subarray(offset + headerLength, offset + needed);
      const kind = bytes[offset];
      offset += needed;
      if (kind === 3) throw new EngineError(data.toString("utf8").trim());
      if (length > 0) yield { stream: kind === 2 ? "stderr" : "stdout", data };
    }
    held = offset < bytes.length ? [bytes.subarray(offset)] : [];
    heldLength = bytes.length - offset;
  }
  if (heldLength > 0) throw new EngineError("the engine's output ended in the middle of a frame");
}

/** The length of the payload behind the header at `offset`. */
function readHeader(bytes: Buffer, offset: number): number {
  const kind = bytes[offset] ?? 0;
  if (kind > 3 || bytes[offset + 1] !== 0 || bytes[offset + 2] !== 0 || bytes[offset + 3] !== 0) {
    throw new EngineError("the engine's output is not in frames, as that of a container without a TTY must be");
  }
  return bytes.readUInt32BE(offset + 4);
}

/** The pieces of a TTY's only stream, as they come. */
export async function* parseTerminal(chunks: AsyncIterable<Buffer>): AsyncGenerator<Frame, void, undefined> {
  for await (const data of chunks) yield { stream: "stdout", data };
}
