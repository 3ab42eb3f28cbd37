import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { followPaths } from "../../../src/engine/builders/follow-paths.ts";
import { type DirectoryFilter, readFilter, sendDirectory } from "../../../src/engine/builders/send-directory.ts";
import { decode, encode } from "../../../src/engine/buildkit/protobuf.ts";
import { packet, packetType } from "../../../src/engine/buildkit/session-messages.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "gantry-send-"));
  put("a", "A");
  put("b/c", "C");
  put("b/d/e", "E");
  put("z.txt", "Z");
  symlinkSync("b/d", path.join(root, "link"));
});
afterEach(() => rmSync(root, { recursive: true }));

function put(name: string, content: string): void {
  mkdirSync(path.join(root, path.dirname(name)), { recursive: true });
  writeFileSync(path.join(root, name), content);
}

const everything = readFilter({});

/** What an engine is told that asks for nothing. */
async function listed(filter: DirectoryFilter = everything) {
  const stats = [];
  const end = (async function* () {
    yield encode(packet, { type: packetType.end });
  })();
  for await (const message of sendDirectory({ path: root }, filter, end)) {
    const { type, stat, data } = decode(packet, Buffer.from(message));
    if (type === packetType.error) throw new Error(data.toString());
    if (type === packetType.stat && stat !== undefined) stats.push(stat);
  }
  return stats;
}
const paths = async (filter?: DirectoryFilter) => (await listed(filter)).map(({ path }) => path);

describe("a directory that is sent", () => {
  it("is told of name by name, each directory before what it holds", async () => {
    expect(await paths()).toEqual(["a", "b", "b/c", "b/d", "b/d/e", "link", "z.txt"]);
  });

  it("has modes as Go has them, links, and files with two names once", async () => {
    chmodSync(path.join(root, "a"), 0o4755);
    linkSync(path.join(root, "a"), path.join(root, "twin"));
    const stats = new Map((await listed()).map((stat) => [stat.path, stat]));
    expect(stats.get("a")).toMatchObject({ mode: 0o755 + 2 ** 23, size: 1, uid: 0, gid: 0 });
    expect(stats.get("b")?.mode).toBe(2 ** 31 + 0o755);
    expect(stats.get("link")).toMatchObject({ mode: 2 ** 27 + 0o777, linkName: "b/d" });
    expect(stats.get("twin")).toMatchObject({ linkName: "a", size: 0 });
  });

  it("leaves out what is not wanted, but for what is in it all the same", async () => {
    expect(await paths(readFilter({ "exclude-patterns": "b, !b/d/e, *.txt" }))).toEqual([
      "a",
      "b",
      "b/d",
      "b/d/e",
      "link",
    ]);
  });

  it("is a part of it where only paths are wanted, with what links lead to", async () => {
    expect(await paths(readFilter({ followpaths: "link/e" }))).toEqual(["b", "b/d", "b/d/e", "link"]);
    expect(await paths(readFilter({ followpaths: "*.txt, b/c" }))).toEqual(["b", "b/c", "z.txt"]);
    expect(await paths(readFilter({ followpaths: "../../etc/passwd, none" }))).toEqual([]);
  });

  it("says of a file that cannot be read which it is", async () => {
    rmSync(path.join(root, "a"));
    symlinkSync("a", path.join(root, "a"));
    const ask = (async function* () {
      yield encode(packet, { type: packetType.request, id: 0 });
    })();
    const messages = [];
    for await (const message of sendDirectory({ path: root }, everything, ask)) messages.push(decode(packet, message));
    expect(messages.at(-1)).toMatchObject({ type: packetType.error });
    expect(messages.at(-1)?.data.toString()).toContain(path.join(root, "a"));
  });
});

it("follows links in circles to an end", () => {
  symlinkSync("two", path.join(root, "one"));
  symlinkSync("one", path.join(root, "two"));
  const wanted = followPaths(root, ["one/x"]);
  expect([wanted("one"), wanted("two"), wanted("a")]).toEqual(["whole", "whole", "nothing"]);
});
