import { hash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { comparePaths, type FileRow, type FileTable } from "../../../src/engine/build/file-table.ts";
import { mergeTables, writeTable } from "../../../src/engine/build/write-table.ts";

const file = (path: string, more: Partial<FileRow> = {}): FileRow => ({
  path,
  type: "file",
  mode: 0o644,
  size: path.length,
  time: 1_700_000_000_500_000_000n,
  ...more,
});

/** A table of files whose content is their path, in the file 7, beside the table of the last time; what was asked for. */
function tell(
  files: readonly FileRow[],
  before?: FileTable,
): { readonly table: FileTable; readonly asked: readonly string[] } {
  const writer = writeTable(before);
  const asked: string[] = [];
  for (const one of files) {
    const { row, isKnown } = writer.add(one) ?? expect.fail(`${one.path} is out of order`);
    if (isKnown || one.type !== "file" || one.size === 0) continue;
    asked.push(one.path);
    writer.give(row, { fd: 7, offset: row * 100, size: one.size, digest: hash("sha256", one.path, "buffer") });
  }
  return { table: writer.finish(), asked };
}

const digestOf = (text: string) => `sha256:${hash("sha256", text)}`;
const some = [
  file("a", { type: "directory", size: 0 }),
  file("a/b"),
  file("a/link", { type: "symlink", size: 0, more: { linkPath: "b", major: 0, minor: 0, xattrs: new Map() } }),
  file("a-", { time: 1_700_000_000_000_000_000n }),
  file("b", { size: 0 }),
];

describe("a table of files", () => {
  it("has each file as it was told of, by its path and in order", () => {
    const { table } = tell(some);
    expect([...table.keys()]).toEqual(["a", "a/b", "a/link", "a-", "b"]);
    expect(table.get("a/b")).toEqual({
      entry: expect.objectContaining({ path: "a/b", type: "file", mode: 0o644, size: 3, mtime: "1700000000.5" }),
      digest: digestOf("a/b"),
      fd: 7,
      offset: 100,
    });
    expect(table.get("a/link")?.entry).toMatchObject({ type: "symlink", linkPath: "b" });
    expect(table.get("a-")?.entry.mtime).toBe("1700000000");
    expect(table.get("b")).toMatchObject({ digest: digestOf(""), fd: -1 });
    expect(table.get("c")).toBeUndefined();
    expect([...table.below("a")].map(({ entry }) => entry.path)).toEqual(["a/b", "a/link"]);
  });

  it("is the one of the last time where nothing is other", () => {
    const { table } = tell(some);
    expect(tell(some, table)).toEqual({ table, asked: [] });
    expect(tell(some, table).table).toBe(table);
  });

  it("asks for the content of what has another size or time, and of nothing else", () => {
    const { table } = tell(some);
    const changed = [
      ...some.slice(0, 1),
      file("a/b", { mode: 0o755 }),
      file("a/bb"),
      ...some.slice(2, 3),
      file("a-", { time: 5n }),
    ];
    const next = tell(changed, table);
    expect(next.asked).toEqual(["a/bb", "a-"]);
    expect(next.table.get("a/b")).toMatchObject({ entry: { mode: 0o755 }, digest: digestOf("a/b"), offset: 100 });
    expect(next.table.get("a/link")?.entry).toMatchObject({ type: "symlink", linkPath: "b" });
    expect(next.table.get("b")).toBeUndefined();
  });

  it("asks again for what lay in a file that is not open any more", () => {
    const { table } = tell(some);
    expect(tell(some, table.keeping(new Set([7]))).asked).toEqual([]);
    expect(tell(some, table.keeping(new Set())).asked).toEqual(["a/b", "a-"]);
  });

  it("gives a second name the content of the first, whenever that comes", () => {
    const writer = writeTable();
    const { row } = writer.add(file("first")) ?? expect.fail();
    const second = writer.add(file("second", { size: 0 })) ?? expect.fail();
    writer.link(second.row, "first");
    writer.link(writer.add(file("third", { size: 0 }))?.row ?? -1, "nowhere");
    writer.give(row, { fd: 3, offset: 9, size: 5, digest: hash("sha256", "first", "buffer") });
    const table = writer.finish();
    expect(table.get("second")).toMatchObject({ entry: { path: "second", size: 5 }, fd: 3, offset: 9 });
    expect(table.get("third")).toMatchObject({ entry: { size: 0 }, digest: digestOf("") });
  });

  it("takes no file out of order, or twice", () => {
    const writer = writeTable();
    expect(writer.add(file("b"))).toBeDefined();
    expect(writer.add(file("b"))).toBeUndefined();
    expect(writer.add(file("a"))).toBeUndefined();
  });
});

const paths = fc
  .uniqueArray(
    fc.array(fc.constantFrom("a", "b", "a-", "a."), { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/")),
  )
  .map((all) => all.toSorted(comparePaths));

it("is made anew from any other table as if there had been none, and merged as maps are", () => {
  fc.assert(
    fc.property(paths, paths, (first, second) => {
      const [before, alone] = [
        tell(first.map((path) => file(path))).table,
        tell(second.map((path) => file(path))).table,
      ];
      const after = tell(
        second.map((path) => file(path)),
        before,
      ).table;
      const plain = (table: FileTable) => [...table.below("")].map(({ entry, digest }) => ({ entry, digest }));
      expect(plain(after)).toEqual(plain(alone));
      for (const path of second) expect(after.get(path)?.digest).toBe(digestOf(path));
      const both = mergeTables(before, alone);
      expect([...both.keys()]).toEqual([...new Set([...first, ...second])].toSorted(comparePaths));
    }),
  );
});

it("keeps what is larger than a block apart from what it was made from", () => {
  const names = Array.from({ length: 10_000 }, (_, i) => `f${String(i).padStart(5, "0")}`);
  const before = tell(names.map((path) => file(path))).table;
  const changed = names.map((path, i) => file(path, i === 5000 ? { time: 1n } : {}));
  const { table, asked } = tell(changed, before);
  expect(asked).toEqual(["f05000"]);
  expect([...table.keys()]).toEqual(names);
  expect(table.get("f05000")?.entry.mtime).toBe("0.000000001");
  expect(before.get("f05000")?.entry.mtime).toBe("1700000000.5");
  for (const name of ["f00000", "f04095", "f04096", "f09999"]) expect(table.get(name)).toEqual(before.get(name));
  expect([...tell(changed.slice(0, 4096), before).table.keys()]).toEqual(names.slice(0, 4096));
});

it("keeps no more of a file than its path and 72 bytes, and nothing more where nothing is other", () => {
  const names = Array.from(
    { length: 100_000 },
    (_, i) => `packages/p${Math.floor(i / 1000) + 1000}/f${(i % 1000) + 1000}`,
  );
  const files = names.map((path) => file(path));
  const { table } = tell(files);
  const bytesOf = (blocks: FileTable["data"]["blocks"]) =>
    blocks.reduce((sum, { records, paths }) => sum + records.buffer.byteLength + paths.buffer.byteLength, 0);
  const least = names.reduce((sum, name) => sum + name.length + 72, 0);
  expect(bytesOf(table.data.blocks)).toBeLessThan(1.05 * least);
  expect(tell(files, table).table).toBe(table);
  const { data } = tell([...files.slice(0, -1), file(names.at(-1) ?? "", { time: 1n })], table).table;
  expect(bytesOf(data.blocks.filter((block) => !table.data.blocks.includes(block)))).toBeLessThan(0.05 * least);
});
