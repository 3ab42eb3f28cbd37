import { closeSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openInside, readInside } from "../../../../src/engine/containers/rootfs/walk.ts";

const base = mkdtempSync(path.join(tmpdir(), "gantry-walk-"));
const root = path.join(base, "root");
beforeAll(() => {
  mkdirSync(path.join(root, "etc"), { recursive: true });
  writeFileSync(path.join(base, "secret"), "the host's\n");
  writeFileSync(path.join(root, "etc/passwd"), "inside\n");
  symlinkSync("/etc", path.join(root, "absolute"));
  symlinkSync("../../../../../../etc", path.join(root, "etc/up"));
  symlinkSync("../secret", path.join(root, "out"));
  symlinkSync("/secret", path.join(root, "out-absolute"));
  symlinkSync("loop", path.join(root, "loop"));
});
afterAll(() => rmSync(base, { recursive: true }));

function where(file: string, options = {}): string {
  const fd = openInside(root, file, options);
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } finally {
    closeSync(fd);
  }
}

describe("a walk in an untrusted root", () => {
  it("follows links inside the root, absolute ones from it", () => {
    for (const file of [
      "/etc/passwd",
      "absolute/passwd",
      "/etc/up/passwd",
      "../../etc/./passwd",
      "absolute/../etc/passwd",
    ]) {
      expect(where(file)).toBe(path.join(root, "etc/passwd"));
    }
  });

  it("does not leave it", () => {
    for (const file of ["out", "out-absolute", "../secret", "etc/../../secret"]) {
      expect(() => where(file)).toThrowError(expect.objectContaining({ code: "ENOENT" }));
      expect(readInside(root, file, 100)).toBe("");
    }
  });

  it("gives up on links in a circle, and on files that are taken for directories", () => {
    expect(() => where("loop")).toThrowError(expect.objectContaining({ code: "ELOOP" }));
    expect(() => where("etc/passwd/x")).toThrowError(expect.objectContaining({ code: "ENOTDIR" }));
  });

  it("can stop at a link, and make directories that are missing", () => {
    expect(where("out", { followLast: false })).toBe(path.join(root, "out"));
    expect(where("absolute/new/deep", { makeDirectories: true })).toBe(path.join(root, "etc/new/deep"));
  });

  it("reads regular files only, and not more than it is told to", () => {
    expect(readInside(root, "etc/passwd", 3)).toBe("ins");
    expect(readInside(root, "etc", 100)).toBe("");
    expect(readInside(root, "missing", 100)).toBe("");
  });
});
