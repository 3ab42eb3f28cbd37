import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type TarEntry, TarError } from "../../../src/engine/images/tar/entry.ts";
import { encodeEntry, endOfArchive } from "../../../src/engine/images/tar/header.ts";
import { readTar } from "../../../src/engine/images/tar/read.ts";
import { toOverlay } from "../../../src/engine/images/to-overlay.ts";

const plain: TarEntry = {
  path: "",
  type: "file",
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: "0",
  linkPath: "",
  major: 0,
  minor: 0,
  xattrs: new Map(),
};
/** `d/` a directory, `l -> t` a symbolic link, `l => t` a hard link, anything else an empty file. */
function entryOf(text: string): TarEntry {
  const [, path = text, arrow, linkPath = ""] = /^(.*?) (->|=>) (.*)$/.exec(text) ?? [];
  if (arrow !== undefined) return { ...plain, path, linkPath, type: arrow === "->" ? "symlink" : "hardlink" };
  return text.endsWith("/") ? { ...plain, path, type: "directory", mode: 0o755 } : { ...plain, path };
}

const archive = (entries: readonly TarEntry[]) => Buffer.concat([...entries.map(encodeEntry), endOfArchive]);

interface Outcome {
  /** In the form of `entryOf`, `remove x` between them, and at the end `hide x` and `hide all below x`. */
  readonly steps: readonly string[];
  readonly entries: readonly TarEntry[];
}

function transform(tar: Buffer, pieceLength = tar.length): Outcome {
  const steps: string[] = [];
  const entries: TarEntry[] = [];
  const layer = toOverlay();
  const output = () =>
    readTar({
      entry: (entry) => {
        entries.push(entry);
        const arrow =
          entry.type === "symlink" ? ` -> ${entry.linkPath}` : entry.type === "hardlink" ? ` => ${entry.linkPath}` : "";
        steps.push(entry.path + arrow);
      },
      content: () => {},
      close: () => {},
    });
  let reader = output();
  for (let at = 0; at < tar.length; at += pieceLength) {
    for (const step of layer.write(tar.subarray(at, at + pieceLength))) {
      if ("data" in step) reader.write(step.data);
      else if ("file" in step) steps.push(`file ${step.file.path}`);
      else if ("remove" in step) {
        steps.push(`remove ${step.remove}`);
        reader = output();
      }
    }
  }
  const { whiteouts, opaques } = layer.end();
  return {
    entries,
    steps: [...steps, ...whiteouts.map((name) => `hide ${name}`), ...opaques.map((name) => `hide all below ${name}`)],
  };
}

const cases: readonly (readonly [title: string, members: readonly string[], expected: readonly string[] | string])[] = [
  ["ordinary names stay", ["./", "./a/", "./a/b", "c"], ["./", "a/", "a/b", "c"]],
  [".. stops at the root", ["../../etc/passwd"], ["etc/", "etc/passwd"]],
  [".. in the middle is taken away", ["a/../../b/./c"], ["b/", "b/c"]],
  ["absolute names begin at the root", ["/etc//shadow"], ["etc/", "etc/shadow"]],
  ["a link to the outside leads back inside", ["out -> /etc", "out/passwd"], ["out -> /etc", "etc/", "etc/passwd"]],
  ["a link up and out leads back inside", ["up -> ../../..", "up/passwd"], ["up -> ../../..", "passwd"]],
  ["a chain of links is followed", ["a -> b", "b -> c/d", "a/x"], ["a -> b", "b -> c/d", "c/", "c/d/", "c/d/x"]],
  ["a link below a link", ["d/", "d/l -> /e", "m -> d/l", "m/f"], ["d/", "d/l -> /e", "m -> d/l", "e/", "e/f"]],
  ["links in a circle are refused", ["a -> b", "b -> a", "a/x"], "more than 40 symbolic links"],
  ["a file takes a link's place, never its target's", ["l -> /etc/passwd", "l"], ["l -> /etc/passwd", "remove l", "l"]],
  ["a directory takes a link's place", ["l -> /etc", "l/"], ["l -> /etc", "remove l", "l/"]],
  [
    "a link takes a directory's place, with what was in it",
    ["d/", "d/x", "d -> /etc", "d/y"],
    ["d/", "d/x", "remove d", "d -> /etc", "etc/", "etc/y"],
  ],
  [
    "a link takes the place of a directory that was only implied",
    ["d/x", "d -> /etc"],
    ["d/", "d/x", "remove d", "d -> /etc"],
  ],
  ["a file takes a directory's place", ["d/", "d"], ["d/", "remove d", "d"]],
  ["a directory that is listed again stays", ["d/", "d/x", "d/"], ["d/", "d/x", "d/"]],
  ["a hard link to the outside leads back inside", ["h => ../../etc/shadow"], ["h => etc/shadow"]],
  ["a hard link through a link is resolved", ["l -> /etc", "h => l/shadow"], ["l -> /etc", "h => etc/shadow"]],
  ["a hard link to a link is one", ["l -> /etc", "h => l", "h/x"], ["l -> /etc", "h => l", "etc/", "etc/x"]],
  ["a hard link to a directory is refused", ["d/", "h => d"], "leads to a directory"],
  ["a hard link to the root is refused", ["h => /"], "leads to a directory"],
  ["a hard link to itself is nothing", ["f", "f => f"], ["f"]],
  ["the root is no file", ["/"], ["./"]],
  ["the root is no link", [". -> /etc"], "stands where the root must be"],
  ["the root is no link by another name", ["a/.. -> /etc"], "stands where the root must be"],
  ["whiteouts are told at the end", ["a/", "a/.wh.b", "a/c"], ["a/", "a/c", "hide a/b"]],
  [
    "a whiteout in a linked directory stays inside",
    ["l -> /etc", "l/.wh.passwd"],
    ["l -> /etc", "etc/", "hide etc/passwd"],
  ],
  ["a whiteout of .. is refused", [".wh..."], "hides no file"],
  ["a whiteout of . is refused", ["a/.wh.."], "hides no file"],
  ["a whiteout of nothing is refused", [".wh."], "hides no file"],
  ["an opaque directory", ["a/", "a/.wh..wh..opq"], ["a/", "hide all below a"]],
  ["an opaque root", [".wh..wh..opq"], ["hide all below "]],
  [
    "an opaque directory behind a link",
    ["l -> ../../etc", "l/.wh..wh..opq"],
    ["l -> ../../etc", "etc/", "hide all below etc"],
  ],
  ["the book-keeping of aufs is dropped", [".wh..wh.plnk/", ".wh..wh.plnk/1.2", ".wh..wh.aufs", "x"], ["x"]],
  ["a link without a target is refused", ["l -> "], "a target that no link can have"],
  ["names of any bytes stay", ["n\xffme", "ü"], ["n\xffme", "ü"]],
  ["a name that is too long is refused", [`${"d/".repeat(2100)}x`], "longer than 4095 bytes"],
  [
    "a name that grows too long through links is refused",
    [`a -> ${"d/".repeat(1500)}`, `a/${"e/".repeat(1000)}x`],
    "longer than 4095 bytes",
  ],
];

describe("a layer on its way to overlayfs", () => {
  it.each(cases)("%s", (_, members, expected) => {
    const tar = archive(members.map(entryOf));
    if (typeof expected === "string") expect(() => transform(tar)).toThrow(expected);
    else expect(transform(tar).steps).toEqual(expected);
  });

  it("is refused when it replaces its own directories without end", () => {
    const members = Array.from({ length: 300 }, (_, i) => (i % 2 === 0 ? "d/" : "d"));
    expect(() => transform(archive(members.map(entryOf)))).toThrow("again and again");
  });

  it("loses the attributes that would steer overlayfs, and keeps capabilities and the users' own", () => {
    const xattrs = new Map([
      ["trusted.overlay.redirect", "/etc"],
      ["trusted.overlay.metacopy", ""],
      ["user.overlay.opaque", "y"],
      ["security.selinux", "x"],
      ["security.capability", "\x01\x00\xff"],
      ["user.note", "a"],
    ]);
    const { entries } = transform(archive([{ ...plain, path: "f", xattrs }]));
    expect(entries[0]?.xattrs).toEqual(
      new Map([
        ["security.capability", "\x01\x00\xff"],
        ["user.note", "a"],
      ]),
    );
  });

  it("keeps owners, modes, times and sizes of any magnitude", () => {
    const entry = {
      ...plain,
      path: "f",
      uid: 3_000_000_000,
      gid: 4_294_967_294,
      mode: 0o7777,
      mtime: "1700000000.123456789",
    };
    expect(transform(archive([entry])).entries).toEqual([entry]);
    const early = { ...plain, path: "f", mtime: "-5" };
    expect(transform(archive([early])).entries).toEqual([early]);
  });

  it("comes out the same however it arrives in pieces", () => {
    const members = cases.flatMap(([, given, expected]) =>
      typeof expected === "string" ? [] : [archive(given.map(entryOf))],
    );
    for (const tar of members) {
      const whole = transform(tar).steps;
      for (const length of [1, 7, 511, 513]) expect(transform(tar, length).steps).toEqual(whole);
    }
  });

  it("never names anything outside, whatever it holds", () => {
    const part = fc.constantFrom("..", ".", "", "a", "b", "c", ".wh.a", ".wh..wh..opq", "..a");
    const path = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join("/"));
    const member = fc.record({
      path,
      linkPath: path,
      type: fc.constantFrom("file", "symlink", "hardlink", "directory", "char" as const),
    });
    const linkInReplaced = [
      { path: "c/b/.", linkPath: "..", type: "symlink" as const },
      { path: "c", linkPath: "c/b/..a", type: "hardlink" as const },
    ];
    fc.assert(
      fc.property(fc.array(member, { maxLength: 12 }), (members) => {
        let outcome: Outcome;
        try {
          outcome = transform(archive(members.map((given) => ({ ...plain, ...given }))));
        } catch (error) {
          expect(error).toBeInstanceOf(TarError);
          return;
        }
        const links = new Set<string>();
        const isInside = (name: string) => {
          const parts = name.replace(/\/$/, "").split("/");
          const parents = parts.slice(0, -1).map((_, i) => parts.slice(0, i + 1).join("/"));
          return (
            parts.every((p) => p !== "" && p !== "..") &&
            (name === "./" || !parts.includes(".")) &&
            !parents.some((p) => links.has(p))
          );
        };
        // As the unpacker sees it: a link that was replaced is gone, and with a directory all links in it.
        for (const step of outcome.steps) {
          const removed = /^remove (.*)$/.exec(step)?.[1];
          for (const link of links) if (link === removed || link.startsWith(`${removed}/`)) links.delete(link);
          if (/^(remove|hide)/.test(step)) continue;
          const [name = "", target] = step.split(/ (?:->|=>) /);
          expect(isInside(name)).toBe(true);
          if (step.includes(" => ")) expect(isInside(target ?? "")).toBe(true);
          if (step.includes(" -> ") || links.has(target ?? "")) links.add(name);
        }
      }),
      {
        numRuns: 2000,
        examples: [[linkInReplaced]],
      },
    );
  });
});

describe("a damaged archive", () => {
  const tar = archive([
    { ...plain, path: "some/file", size: 0 },
    { ...plain, path: "x".repeat(200) },
  ]);

  it("is refused: a wrong checksum, no archive, the end missing", () => {
    const wrong = Buffer.from(tar);
    wrong[0] = 1;
    expect(() => transform(wrong)).toThrow("checksum is wrong");
    expect(() => transform(Buffer.from("x".repeat(5000)))).toThrow("not a tar archive");
    expect(() => transform(tar.subarray(0, 700))).toThrow("cut off");
    expect(() => transform(tar.subarray(0, 1536))).toThrow("cut off");
  });

  it("throws nothing but TarError, whatever its bytes are", () => {
    const change = fc.record({ at: fc.nat(tar.length - 1), byte: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), (changes) => {
        const damaged = Buffer.from(tar);
        for (const { at, byte } of changes) damaged[at] = byte;
        // The checksum is made right again, so that the damage is looked at.
        for (let block = 0; block < 1024; block += 512) {
          damaged.fill(32, block + 148, block + 156);
          const sum = damaged.subarray(block, block + 512).reduce((total, byte) => total + byte, 0);
          damaged.write(`${sum.toString(8).padStart(6, "0")}\0 `, block + 148, "latin1");
        }
        try {
          transform(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(TarError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("announces no member with more than 1 MiB", () => {
    const xattrs = new Map([["user.big", "x".repeat(1_100_000)]]);
    expect(() => transform(archive([{ ...plain, path: "f", xattrs }]))).toThrow("larger than 1 MiB");
  });
});
