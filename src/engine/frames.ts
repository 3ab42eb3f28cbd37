/** What containers write: docker's multiplexed stream, or the plain bytes of a TTY. */

import { EngineError } from "../errors.ts";
import type { Frame, FrameStream } from "./api.ts";

const headerLength = 8;

/** Output whose frames come in batches. What is done for every batch costs little; for every frame, a log has a million. */
export function frameStream(batches: AsyncIterable<readonly Frame[]>): FrameStream {
  return { batches: () => batches, [Symbol.asyncIterator]: () => oneByOne(batches) };
}

async function* oneByOne(batches: AsyncIterable<readonly Frame[]>): AsyncGenerator<Frame, void, undefined> {
  for await (const batch of batches) yield* batch;
}

/**
 * The frames of a multiplexed stream: 8 bytes of header (kind, three zeros, length as big-endian uint32), then the
 * payload. Chunks may end anywhere. A payload that lies in one chunk is a view of it, not a copy. Ends with EngineError
 * for a frame of kind 3 (the engine reports an error) and for bytes that are no frames.
 * Source: https://docs.docker.com/reference/api/engine/version/v1.51/#tag/Container/operation/ContainerAttach
 */
export const parseFrames = (chunks: AsyncIterable<Buffer>): FrameStream => frameStream(parseBatches(chunks));

async function* parseBatches(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly Frame[], void, undefined> {
  let held: Buffer[] = [];
  let heldLength = 0;
  let needed = headerLength;
  for await (const chunk of chunks) {
    held.push(chunk);
    heldLength += chunk.length;
    // Waiting for the rest of a long frame: join the pieces once, not for every chunk.
    if (heldLength < needed) continue;
    const bytes = held.length === 1 ? chunk : Buffer.concat(held, heldLength);
    const batch: Frame[] = [];
    let failure: unknown;
    let offset = 0;
    for (;;) {
      needed = headerLength;
      if (bytes.length - offset < needed) break;
      const length = readHeader(bytes, offset);
      if (length === undefined) {
        failure = noFrames();
        break;
      }
      needed += length;
      if (bytes.length - offset < needed) break;
      const data = bytes.subarray(offset + headerLength, offset + needed);
      const kind = bytes[offset];
      offset += needed;
      if (kind === 3) {
        failure = new EngineError(data.toString("utf8").trim());
        break;
      }
      if (length > 0) batch.push({ stream: kind === 2 ? "stderr" : "stdout", data });
    }
    if (batch.length > 0) yield batch;
    if (failure !== undefined) throw failure;
    held = offset < bytes.length ? [bytes.subarray(offset)] : [];
    heldLength = bytes.length - offset;
  }
  if (heldLength > 0) throw new EngineError("the engine's output ended in the middle of a frame");
}

const noFrames = () =>
  new EngineError("the engine's output is not in frames, as that of a container without a TTY must be");

/** The length of the payload behind the header at `offset`; undefined where that is none. */
function readHeader(bytes: Buffer, offset: number): number | undefined {
  const kind = bytes[offset] ?? 0;
  if (kind > 3 || bytes[offset + 1] !== 0 || bytes[offset + 2] !== 0 || bytes[offset + 3] !== 0) return undefined;
  return bytes.readUInt32BE(offset + 4);
}

/** The pieces of a TTY's only stream, as they come. */
export const parseTerminal = (chunks: AsyncIterable<Buffer>): FrameStream => frameStream(terminalBatches(chunks));

async function* terminalBatches(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly Frame[], void, undefined> {
  for await (const data of chunks) yield [{ stream: "stdout", data }];
}
