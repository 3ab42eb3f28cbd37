import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { type Headers, pack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { unpackCopy } from "../../src/commands/unpack-copy.ts";

type Entry = Partial<Headers> & { readonly name: string; readonly text?: string };

let root = "";
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), "gantry-unpack-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function tarOf(...entries: readonly Entry[]): AsyncIterable<Buffer> {
  const tar = pack();
  for (const { text = "", ...header } of entries) tar.entry(header, text);
  tar.finalize();
  return tar;
}

function unpack(name: string, contents: boolean, ...entries: readonly Entry[]): Promise<string[]> {
  const warnings: string[] = [];
  const options = { directory: root, name, contents, owners: false, warn: (text: string) => warnings.push(text) };
  return unpackCopy(tarOf(...entries), options).then(() => warnings);
}

describe("unpackCopy", () => {
  it("unpacks a tree under another name, with modes and times", async () => {
    const mtime = new Date("2026-01-02T03:04:05Z");
    await unpack(
      "new",
      false,
      { name: "d/", type: "directory", mode: 0o750, mtime },
      { name: "d/f", text: "hello", mode: 0o640, mtime },
      { name: "d/l", type: "symlink", linkname: "f" },
      { name: "d/h", type: "link", linkname: "d/f" },
    );
    expect(readFileSync(path.join(root, "new/f"), "utf8")).toBe("hello");
    expect(readFileSync(path.join(root, "new/h"), "utf8")).toBe("hello");
    expect(readlinkSync(path.join(root, "new/l"))).toBe("f");
    expect(statSync(path.join(root, "new/f")).mode & 0o777).toBe(0o640);
    expect(statSync(path.join(root, "new")).mode & 0o777).toBe(0o750);
    expect(statSync(path.join(root, "new")).mtime).toEqual(mtime);
  });

  it("unpacks the contents of a directory, beside what is there or into a new one", async () => {
    await unpack(".", true, { name: "./", type: "directory" }, { name: "./a/x", text: "1" });
    await unpack("new", true, { name: "./", type: "directory" }, { name: "./a/x", text: "2" });
    expect(readdirSync(root).sort()).toEqual(["a", "new"]);
    expect(readFileSync(path.join(root, "new/a/x"), "utf8")).toBe("2");
  });

  it("writes nothing through a symbolic link of the archive", async () => {
    const outside = mkdtempSync(path.join(os.tmpdir(), "gantry-outside-"));
    const attack = unpack(
      "d",
      false,
      { name: "d/", type: "directory" },
      { name: "d/out", type: "symlink", linkname: outside },
      { name: "d/out/evil", text: "x" },
    );
    await expect(attack).rejects.toThrow("nothing is copied through it");
    expect(readdirSync(outside)).toEqual([]);
    rmSync(outside, { recursive: true });
  });

  it("replaces a link at a file's place instead of writing to what it points to", async () => {
    symlinkSync("/nowhere/at/all", path.join(root, "f"));
    await unpack("f", false, { name: "f", text: "mine" });
    expect(lstatSync(path.join(root, "f")).isFile()).toBe(true);
  });

  it.each(["../evil", "d/../../evil"])("refuses the path %s", async (name) => {
    await expect(unpack("d", false, { name, text: "x" })).rejects.toThrow("leads out of it");
  });

  it("says what it leaves out", async () => {
    expect(await unpack("d", false, { name: "d", type: "character-device" })).toEqual([
      "d is left out: it is a character-device",
    ]);
  });
});
