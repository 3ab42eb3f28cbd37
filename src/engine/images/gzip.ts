/**
 * gzip on all processors: blocks are deflated side by side and put one behind the other in one stream, as pigz does. What
 * cannot be made smaller is stored as it is. The same bytes always become the same bytes. Source: RFC 1951, RFC 1952.
 */

import { promisify } from "node:util";
import zlib from "node:zlib";
import { gather } from "../gather.ts";

const deflate = promisify(zlib.deflateRaw);

const blocksAtOnce = 4;
const sampleLength = 16 * 1024;
/** A sample that does not get smaller than this part of itself is not worth the time. */
const worthwhile = 0.97;

/** No name, no time, unknown system. */
const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
/** An empty block that is the last one. */
const lastBlock = Buffer.from([0x03, 0x00]);

export async function* gzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void, undefined> {
  let checksum = 0;
  let length = 0;
  const running: Promise<Buffer>[] = [];
  yield header;
  try {
    for await (const block of gather(source)) {
      checksum = zlib.crc32(block, checksum);
      length += block.length;
      running.push(deflateBlock(block));
      if (running.length >= blocksAtOnce) yield (await running.shift()) ?? Buffer.alloc(0);
    }
    for (const block of running.splice(0)) yield await block;
  } finally {
    await Promise.allSettled(running);
  }
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(checksum, 0);
  trailer.writeUInt32LE(length % 2 ** 32, 4);
  yield Buffer.concat([lastBlock, trailer]);
}

/** Ends at a byte's border, and refers to nothing before it. */
function deflateBlock(block: Buffer): Promise<Buffer> {
  const sample = block.subarray(0, sampleLength);
  const isWorthIt = zlib.deflateRawSync(sample, { level: 1 }).length < sample.length * worthwhile;
  return deflate(block, { level: isWorthIt ? 4 : 0, finishFlush: zlib.constants.Z_SYNC_FLUSH });
}
