import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import zlib from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { endOfArchive } from "../../../src/engine/images/tar/header.ts";
import { unpack } from "../../../src/engine/images/unpackers.ts";
import { digestOf } from "../registry/fake-registry.ts";
import { encodeMembers, type Member } from "./members.ts";
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

const member = (path: string, content: Buffer | string, more: Partial<Member> = {}) =>
  encodeMembers([{ path, content, ...more }]);

/** Every file with its kind, mode, owner, time, number of names and content. */
const listing = (folder: string) =>
  execFileSync("sh", [
    "-c",
    'cd "$1" && find . -printf "%P %y %m %U:%G %T@ %n %l\\n" | sort && find . -type f | sort | xargs sha256sum',
    "sh",
    folder,
  ]).toString();

describe("a layer unpacked in a thread", () => {
  it("has large files as tar makes them: owner, setuid, time, later members of the same name, directories listed before or after", async () => {
    const large = (letter: string, size = 200_000) => Buffer.alloc(size, letter);
    const folder = { type: "directory", mode: 0o750, mtime: "1600000000" } as const;
    const tar = Buffer.concat([
      member("d/", "", folder),
      member("d/setuid", large("a"), { mode: 0o4711, uid: 7, gid: 8 }),
      member("late/deep/file", large("b"), { mtime: "1500000000" }),
      member("late/deep/", "", folder),
      member("late/", "", folder),
      member("twice", large("c")),
      member("twice", large("d", 70_000)),
      member("small-then-large", "small"),
      member("small-then-large", large("e")),
      member("large-then-small", large("f")),
      member("large-then-small", "small"),
      member("one-name", large("g")),
      member("other-name", "", { type: "hardlink", linkPath: "one-name" }),
      member("name-then-file", "", { type: "hardlink", linkPath: "one-name" }),
      member("name-then-file", large("h")),
      member("fraction", large("i"), { mtime: "1700000000.25" }),
      member("unfinished-block", large("j", 131_073)),
      endOfArchive,
    ]);
    const [ours, reference] = ["ours", "reference"].map((name) => path.join(directory, name)) as [string, string];
    for (const place of [ours, reference]) await mkdir(place, { mode: 0o755 });
    await unpack(pieces(tar), ours);
    execFileSync("tar", ["-x", "-p", "--numeric-owner", "--delay-directory-restore", "-C", reference], { input: tar });
    for (const place of [ours, reference]) await utimes(place, 0, 0);
    expect(listing(ours)).toBe(listing(reference));
  });

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
