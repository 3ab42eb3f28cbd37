import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseLines } from "../../src/engine/lines.ts";

describe("JSON lines", () => {
  it("come out the same, however the bytes are cut into chunks", async () => {
    const value = fc.record({ status: fc.string({ unit: "grapheme" }), id: fc.string(), n: fc.integer() });
    await fc.assert(
      fc.asyncProperty(fc.array(value), fc.integer({ min: 1, max: 9 }), async (values, size) => {
        const bytes = Buffer.from(values.map((each) => `${JSON.stringify(each)}\r\n`).join(""));
        expect(await all(parseLines(cut(bytes, size)))).toEqual(values);
      }),
    );
  });

  it("may lack the last line's end, and have empty lines", async () => {
    expect(await all(parseLines(cut(Buffer.from('{"a":1}\n\r\n\n{"b":2}'), 4)))).toEqual([{ a: 1 }, { b: 2 }]);
  });

  it("end with the engine's words when a line tells an error", async () => {
    const text =
      '{"status":"Pulling"}\n{"errorDetail":{"code":2,"message":"it failed: 2"},"error":"it failed"}\n{"status":"x"}\n';
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const line of parseLines(cut(Buffer.from(text), 50))) seen.push(line);
    })();
    await expect(reading).rejects.toMatchObject({ name: "EngineError", message: "it failed: 2", status: 200 });
    expect(seen).toEqual([{ status: "Pulling" }]);
    await expect(all(parseLines(cut(Buffer.from('{"error":"no space"}'), 50)))).rejects.toThrow("no space");
  });

  it("end with an error when one is not JSON", async () => {
    await expect(all(parseLines(cut(Buffer.from("<html>\n"), 50)))).rejects.toThrow("not JSON");
  });
});

async function* cut(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function all(values: AsyncIterable<unknown>): Promise<unknown[]> {
  const read: unknown[] = [];
  for await (const value of values) read.push(value);
  return read;
}
