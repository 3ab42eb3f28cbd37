import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import { gzip } from "../../../src/engine/images/gzip.ts";

async function packed(pieces: readonly Buffer[]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of gzip(
    (async function* () {
      yield* pieces;
    })(),
  ))
    chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe("gzip on all processors", () => {
  const text = Buffer.from("the same again and again ".repeat(200_000));
  it.each([
    ["nothing", []],
    ["little", [Buffer.from("x")]],
    ["text of several blocks", [text]],
    ["noise", [randomBytes(2_500_000)]],
    ["both, in pieces of any size", [text.subarray(0, 1_000_001), randomBytes(1_500_000), text.subarray(7)]],
  ])("is one gzip stream that unpacks to what it was made of: %s", async (_, pieces) => {
    const whole = await packed(pieces);
    expect(zlib.gunzipSync(whole).equals(Buffer.concat(pieces))).toBe(true);
    expect(execFileSync("gzip", ["-dc"], { input: whole, maxBuffer: 1 << 27 }).equals(Buffer.concat(pieces))).toBe(
      true,
    );
    expect((await packed(pieces)).equals(whole)).toBe(true);
    // As one piece, or as many: the same bytes, the same digest.
    if (pieces.length > 1)
      expect((await packed([Buffer.concat(pieces)])).length).toBeLessThan(Buffer.concat(pieces).length);
  });

  it("makes text small and leaves noise nearly as long as it is", async () => {
    expect((await packed([text])).length).toBeLessThan(text.length / 50);
    expect((await packed([randomBytes(2_000_000)])).length).toBeLessThan(2_001_000);
  });
});
