import { closeSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { packFrom } from "../../../../src/engine/containers/files/pack.ts";
import { goFileMode, statInside } from "../../../../src/engine/containers/files/path-stat.ts";
import { unpackInside } from "../../../../src/engine/containers/files/unpack.ts";
import { openInside } from "../../../../src/engine/containers/rootfs/walk.ts";
import { readTar } from "../../../../src/engine/images/tar/read.ts";
import { encodeArchive, type Member } from "../../images/members.ts";

let top: string;
let root: string;
beforeEach(() => {
  top = mkdtempSync(path.join(tmpdir(), "gantry-files-"));
  root = path.join(top, "root");
  mkdirSync(path.join(root, "etc"), { recursive: true });
  writeFileSync(path.join(top, "canary"), "untouched");
});
afterEach(() => {
  expect(readFileSync(path.join(top, "canary"), "utf8")).toBe("untouched");
  rmSync(top, { recursive: true });
});

const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const tarOf = (...members: readonly Member[]) => encodeArchive(members);

function unpack(tar: Buffer, at = "/", noOverwriteDirNonDir = false): void {
  const unpacking = unpackInside({ root, path: at, noOverwriteDirNonDir, owner });
  try {
    // In pieces, as it comes from a socket.
    for (let i = 0; i < tar.length; i += 700) unpacking.write(tar.subarray(i, i + 700));
    unpacking.end();
  } finally {
    unpacking.close();
  }
}

async function pack(place: string, name: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of packFrom(openInside(root, place), { name })) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** The times but for what is finer than Node can set. */
function membersOf(tar: Buffer): readonly unknown[] {
  const members: unknown[] = [];
  const reader = readTar({
    entry: ({ mtime, ...entry }) => members.push({ ...entry, mtime: Math.round(Number(mtime) * 1000) }),
    content: () => {},
    close: () => {},
  });
  reader.write(tar);
  reader.end();
  return members;
}

describe("a tar that is put into a container", () => {
  it("makes files, directories and links, with modes and times", () => {
    unpack(
      tarOf(
        { path: "app/", type: "directory", mode: 0o750 },
        { path: "app/run.sh", content: "#!/bin/sh\n", mode: 0o755 },
        { path: "app/latest", type: "symlink", linkPath: "run.sh" },
        { path: "app/again", type: "hardlink", linkPath: "app/run.sh" },
        // Names are bytes.
        { path: Buffer.from("ünïcode/file").toString("latin1"), content: "x" },
      ),
      "/etc",
    );
    expect(readFileSync(path.join(root, "etc/app/latest"), "utf8")).toBe("#!/bin/sh\n");
    expect(statSync(path.join(root, "etc/app/again")).nlink).toBe(2);
    expect(statSync(path.join(root, "etc/app")).mode & 0o777).toBe(0o750);
    expect(statSync(path.join(root, "etc/app/run.sh"))).toMatchObject({ mtimeMs: 1_700_000_000_000 });
    expect(readFileSync(path.join(root, "etc/ünïcode/file"), "utf8")).toBe("x");
  });

  it.each<[string, Member[]]>([
    ["..", [{ path: "../../canary", content: "bad" }]],
    ["an absolute path", [{ path: "/canary", content: "bad" }]],
    [
      "a link that leads out",
      [
        { path: "out", type: "symlink", linkPath: "../.." },
        { path: "out/canary", content: "bad" },
      ],
    ],
    [
      "a link to itself",
      [
        { path: "a", type: "symlink", linkPath: "/etc" },
        { path: "a", content: "bad" },
      ],
    ],
    ["a hard link to outside", [{ path: "h", type: "hardlink", linkPath: "../canary" }]],
  ])("does not lead out of it by %s", (_, members) => {
    try {
      unpack(tarOf(...members));
    } catch (error) {
      // Refused is as good as confined; the canary tells.
      expect(error).toBeInstanceOf(Error);
    }
  });

  it("follows links of the container within its root", () => {
    symlinkSync("/etc", path.join(root, "link"));
    unpack(tarOf({ path: "file", content: "in etc" }), "/link");
    expect(readFileSync(path.join(root, "etc/file"), "utf8")).toBe("in etc");
  });

  it("replaces a file, not a link's target, and no directory by a file where that is forbidden", () => {
    symlinkSync(path.join(top, "canary"), path.join(root, "evil"));
    unpack(tarOf({ path: "evil", content: "mine" }));
    expect(readFileSync(path.join(root, "evil"), "utf8")).toBe("mine");
    expect(() => unpack(tarOf({ path: "etc", content: "x" }), "/", true)).toThrow(/cannot overwrite directory "\/etc"/);
  });
});

describe("files that are taken out of a container", () => {
  it("are the same when they are put back", async () => {
    mkdirSync(path.join(root, "src/deep"), { recursive: true });
    writeFileSync(path.join(root, "src/deep/big"), Buffer.alloc(700_000, 7), { mode: 0o640 });
    symlinkSync("deep/big", path.join(root, "src/link"));
    const tar = await pack("/src", "copy");
    unpack(tar, "/etc");
    expect(readFileSync(path.join(root, "etc/copy/link"))).toEqual(Buffer.alloc(700_000, 7));
    expect(membersOf(await pack("/etc/copy", "copy"))).toEqual(membersOf(tar));
  });

  it("are described as Go describes them; a link at the end is told of, not followed", () => {
    symlinkSync("../etc", path.join(root, "link"));
    expect(statInside(root, "/link")).toMatchObject({ name: "link", linkTarget: "/etc" });
    expect(statInside(root, "/link").mode >>> 27).toBe(1);
    expect(statInside(root, "/link/")).toMatchObject({ linkTarget: "" });
    expect(goFileMode({ mode: 0o041777 })).toBe(0x80000000 + (1 << 20) + 0o777);
    expect(() => statInside(root, "/none")).toThrow("ENOENT");
  });

  it("are closed behind the reader, also when it leaves early", async () => {
    const fd = openInside(root, "/etc");
    const packing = packFrom(fd, { name: "etc" });
    await packing.next();
    await packing.return();
    expect(() => closeSync(fd)).toThrow("EBADF");
  });
});
