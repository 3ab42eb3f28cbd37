import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import zlib from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { unpack } from "../../../src/engine/images/unpackers.ts";
import { digestOf } from "../registry/fake-registry.ts";
import { tarOf } from "./room.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "gantry-unpack-"));
});
afterEach(() => rm(directory, { recursive: true }));

async function* pieces(bytes: Buffer, end?: Error): AsyncGenerator<readonly Buffer[]> {
  for (let at = 0; at < bytes.length; at += 500_000) {
    const half = at + 250_000;
    yield [Buffer.from(bytes.subarray(at, half)), Buffer.from(bytes.subarray(half, at + 500_000))];
  }
  if (end !== undefined) throw end;
}

describe("a layer unpacked in a thread", () => {
  it("is the same as it was, whatever it travels in, and several at once do not mix", async () => {
    const tar = await tarOf("head -c 3000000 /dev/urandom >noise; echo hi >hello");
    const places = await Promise.all(
      [tar, zlib.gzipSync(tar), zlib.zstdCompressSync(tar), tar.subarray(0), zlib.gzipSync(tar)].map(async (bytes) => {
        const place = await mkdtemp(path.join(directory, "layer-"));
        const told = await unpack(pieces(bytes), place);
        expect(told).toEqual({ diffId: digestOf(tar), tarSize: tar.length, size: 3_000_003 });
        return place;
      }),
    );
    for (const place of places) expect(await readFile(path.join(place, "hello"), "utf8")).toBe("hi\n");
  });

  it("that is bad, or does not come whole, is told as it is; the thread goes on", async () => {
    const noise = Buffer.alloc(3_000_000, "no archive ");
    await expect(unpack(pieces(noise), directory)).rejects.toThrow("not a tar archive");
    const tar = await tarOf("head -c 3000000 /dev/urandom >noise");
    await expect(unpack(pieces(tar.subarray(0, 2_000_000)), directory)).rejects.toThrow("cut off");
    const broken = new Error("the connection broke");
    await expect(unpack(pieces(tar.subarray(0, 2_000_000), broken), directory)).rejects.toBe(broken);
    await rm(path.join(directory, "noise"), { force: true });
    await unpack(pieces(tar), directory);
    expect(await readdir(directory)).toEqual(["noise"]);
  });
});
