/**
 * The files of a directory in the order of their paths, as records in few pieces of memory: there may be a million of them, and as
 * many objects would take many times as much. They can be looked up, passed one by one, and compared with what is told the next time.
 */

import type { TarType } from "../images/tar/entry.ts";
import { overlayEntry } from "../images/to-overlay.ts";
import type { Nodes, TreeNode } from "./tree.ts";

/** What is told of a file. */
export interface FileRow {
  /** Canonical, in bytes (latin1). */
  readonly path: string;
  readonly type: TarType;
  /** Permission bits, with setuid, setgid and sticky. */
  readonly mode: number;
  readonly size: number;
  /** Nanoseconds of Unix time. */
  readonly time: bigint;
  /** What few have. */
  readonly more?: MoreOfFile;
}

export interface MoreOfFile {
  readonly linkPath: string;
  readonly major: number;
  readonly minor: number;
  readonly xattrs: ReadonlyMap<string, string>;
}

export interface FileTable extends Nodes {
  pathAt(row: number): string;
  /** The first row whose path does not come before a path. */
  seek(path: string): number;
  /** Whether the same is told again, and its content is still here. */
  tellsSame(row: number, file: FileRow): boolean;
  /** Whether the content is the same, by size and time, and still here. */
  hasContentOf(row: number, file: FileRow): boolean;
  /** The open files in which contents lie. */
  fds(): ReadonlySet<number>;
  /** The same, when no more than these files are open. */
  keeping(fds: ReadonlySet<number>): FileTable;
  readonly data: TableData;
}

export interface TableData {
  readonly size: number;
  readonly blocks: readonly TableBlock[];
  /** By row. */
  readonly more: ReadonlyMap<number, MoreOfFile>;
}

/** So many rows: what grows is never larger. */
export const rowsPerBlock = 4096;

export interface TableBlock {
  readonly records: Buffer;
  /** Their paths, one behind the other. */
  readonly paths: Buffer;
}

/** Where the fields of a record lie in it. `end`: where its path ends in those of its block. */
export const field = { end: 0, size: 8, time: 16, offset: 24, digest: 32, fd: 64, mode: 68, type: 70 } as const;
export const recordLength = 72;

export const types: readonly TarType[] = ["file", "directory", "symlink", "char", "block", "fifo"];
/** In place of a descriptor: there is no content; it is not here any more. */
export const noContent = -1;
const lostContent = -2;

export function tableOf(data: TableData): FileTable {
  const { size, blocks, more } = data;
  const recordsOf = (row: number) => blockOf(blocks, row).records;
  const pathAt = (row: number) => {
    const { records, paths } = blockOf(blocks, row);
    const start = row % rowsPerBlock === 0 ? 0 : records.readDoubleLE(placeOf(row - 1) + field.end);
    return paths.toString("latin1", start, records.readDoubleLE(placeOf(row) + field.end));
  };
  const sizeOf = (row: number) => recordsOf(row).readDoubleLE(placeOf(row) + field.size);
  const timeOf = (row: number) => recordsOf(row).readBigInt64LE(placeOf(row) + field.time);
  const fdOf = (row: number) => recordsOf(row).readInt32LE(placeOf(row) + field.fd);
  const modeOf = (row: number) => recordsOf(row).readUInt16LE(placeOf(row) + field.mode);
  const typeOf = (row: number) => types[recordsOf(row)[placeOf(row) + field.type] ?? 0] ?? "file";
  const nodeAt = (row: number): TreeNode => {
    const records = recordsOf(row);
    const at = placeOf(row);
    const type = typeOf(row);
    const told = { type, mode: modeOf(row), size: sizeOf(row), mtime: secondsOf(timeOf(row)) };
    return {
      entry: overlayEntry(pathAt(row), { ...told, ...more.get(row) }),
      digest: type === "file" ? `sha256:${records.toString("hex", at + field.digest, at + field.digest + 32)}` : "",
      fd: fdOf(row),
      offset: records.readDoubleLE(at + field.offset),
    };
  };
  const seek = (path: string) => {
    let [low, high] = [0, size];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (comparePaths(pathAt(middle), path) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const hasContentOf = (row: number, file: FileRow) =>
    typeOf(row) === file.type && sizeOf(row) === file.size && timeOf(row) === file.time && fdOf(row) !== lostContent;
  return {
    data,
    size,
    pathAt,
    seek,
    get: (path) => {
      const row = seek(path);
      return row < size && pathAt(row) === path ? nodeAt(row) : undefined;
    },
    keys: function* () {
      for (let row = 0; row < size; row++) yield pathAt(row);
    },
    below: function* (directory) {
      const prefix = directory === "" ? "" : `${directory}/`;
      for (let row = seek(prefix); row < size; row++) {
        const node = nodeAt(row);
        if (!node.entry.path.startsWith(prefix)) return;
        yield node;
      }
    },
    hasContentOf,
    tellsSame: (row, file) => hasContentOf(row, file) && modeOf(row) === file.mode && isSame(more.get(row), file.more),
    fds: () => {
      const fds = new Set<number>();
      for (let row = 0; row < size; row++) if (fdOf(row) >= 0) fds.add(fdOf(row));
      return fds;
    },
    keeping: (fds) => {
      const left = blocks.map(({ records, paths }) => ({ records: Buffer.from(records), paths }));
      for (let row = 0; row < size; row++)
        if (fdOf(row) >= 0 && !fds.has(fdOf(row)))
          blockOf(left, row).records.writeInt32LE(lostContent, placeOf(row) + field.fd);
      return tableOf({ ...data, blocks: left });
    },
  };
}

export const blockOf = (blocks: readonly TableBlock[], row: number): TableBlock =>
  blocks[Math.floor(row / rowsPerBlock)] ?? emptyBlock;

/** Where a row's record lies in its block. */
export const placeOf = (row: number): number => (row % rowsPerBlock) * recordLength;

const emptyBlock: TableBlock = { records: Buffer.alloc(0), paths: Buffer.alloc(0) };

export const emptyTable: FileTable = tableOf({ size: 0, blocks: [], more: new Map() });

function isSame(a: MoreOfFile | undefined, b: MoreOfFile | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.linkPath === b.linkPath &&
    a.major === b.major &&
    a.minor === b.minor &&
    a.xattrs.size === b.xattrs.size &&
    [...a.xattrs].every(([name, value]) => b.xattrs.get(name) === value)
  );
}

/** As archives have it: seconds, with a fraction where there is one. */
function secondsOf(time: bigint): string {
  const fraction = String(time % 1_000_000_000n)
    .padStart(9, "0")
    .replace(/0+$/, "");
  return fraction === "" ? `${time / 1_000_000_000n}` : `${time / 1_000_000_000n}.${fraction}`;
}

const slash = 0x2f;

/** The order of a walk: part by part, so that what lies below a directory follows it at once. Negative: `a` comes first. */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const one = a.charCodeAt(at);
    const other = b.charCodeAt(at);
    if (one !== other) return one === slash ? -1 : other === slash ? 1 : one - other;
  }
  return a.length - b.length;
}
