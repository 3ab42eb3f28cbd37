import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Frame } from "../../src/engine/api.ts";
import { parseFrames, parseTerminal } from "../../src/engine/frames.ts";

describe("a container's multiplexed output", () => {
  it("comes out the same, however the bytes are cut into chunks", async () => {
    const frame = fc.record({ kind: fc.constantFrom(0, 1, 2), data: fc.uint8Array({ maxLength: 40 }) });
    const cuts = fc.array(fc.nat({ max: 30 }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { maxLength: 12 }), cuts, async (frames, sizes) => {
        const bytes = Buffer.concat(frames.map(({ kind, data }) => frameOf(kind, data)));
        const expected = frames.filter(({ data }) => data.length > 0);
        expect((await all(parseFrames(cut(bytes, sizes)))).map(({ stream, data }) => [stream, [...data]])).toEqual(
          expected.map(({ kind, data }) => [kind === 2 ? "stderr" : "stdout", [...data]]),
        );
      }),
    );
  });

  it("is not copied when a frame lies in one chunk", async () => {
    const bytes = Buffer.concat([frameOf(1, Buffer.from("one")), frameOf(2, Buffer.from("two"))]);
    for (const { data } of await all(parseFrames(cut(bytes, [])))) expect(data.buffer).toBe(bytes.buffer);
  });

  it("ends with the engine's words when the engine reports an error in it", async () => {
    const bytes = Buffer.concat([frameOf(1, Buffer.from("x")), frameOf(3, Buffer.from("the log is broken\n"))]);
    await expect(all(parseFrames(cut(bytes, [])))).rejects.toThrow("the log is broken");
  });

  it("is refused when it has no frames, or ends within one", async () => {
    await expect(all(parseFrames(cut(Buffer.from("plain text of a terminal"), [])))).rejects.toThrow("not in frames");
    const half = frameOf(1, Buffer.from("half")).subarray(0, 10);
    await expect(all(parseFrames(cut(half, [3])))).rejects.toThrow("in the middle of a frame");
  });
});

describe("a terminal's output", () => {
  it("is all standard output, as it comes", async () => {
    expect(await all(parseTerminal(cut(Buffer.from("abcd"), [3])))).toEqual([
      { stream: "stdout", data: Buffer.from("abc") },
      { stream: "stdout", data: Buffer.from("d") },
    ]);
  });
});

function frameOf(kind: number, data: Uint8Array): Buffer {
  const header = Buffer.alloc(8);
  header[0] = kind;
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
}

async function* cut(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let start = 0;
  for (const size of sizes) {
    yield bytes.subarray(start, start + size);
    start += size;
  }
  yield bytes.subarray(start);
}

async function all(frames: AsyncIterable<Frame>): Promise<Frame[]> {
  const read: Frame[] = [];
  for await (const frame of frames) read.push(frame);
  return read;
}
