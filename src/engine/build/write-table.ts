/** Makes a table of files as they are told of, beside the table of what was told the last time. */

import { hash } from "node:crypto";
import {
  blockOf,
  comparePaths,
  emptyTable,
  type FileRow,
  type FileTable,
  field,
  type MoreOfFile,
  noContent,
  placeOf,
  recordLength,
  rowsPerBlock,
  type TableBlock,
  tableOf,
  types,
} from "./file-table.ts";

/** Where a content lies, and its SHA-256. */
export interface FileContent {
  readonly fd: number;
  readonly offset: number;
  readonly size: number;
  readonly digest: Uint8Array;
}

export interface TableWriter {
  /**
   * Takes a file in the order of paths (comparePaths). `isKnown`: its content is that of the last time, by size and time; else it
   * is empty until it is given. Undefined for a file that is out of order.
   */
  add(file: FileRow): { readonly row: number; readonly isKnown: boolean } | undefined;
  give(row: number, content: FileContent): void;
  pathOf(row: number): string;
  /** The file has the content of another one, which may be given later; of none if that is not there. */
  link(row: number, path: string): void;
  /** Takes a row of a table as it is. */
  take(table: FileTable, row: number): void;
  /** The table of the last time, if nothing is other. Nothing may be added any more. */
  finish(): FileTable;
}

const emptyDigest = hash("sha256", "", "buffer");

export function writeTable(before: FileTable = emptyTable): TableWriter {
  let size = 0;
  let last = "";
  /** Where in the table before we are. */
  let at = 0;
  /** Undefined while the files are the first ones of the table before. */
  let own: OwnTable | undefined;
  const links: { readonly row: number; readonly path: string }[] = [];

  /** Shares the blocks that are whole with the table before: nothing is written to what is known. */
  const makeOwn = (): OwnTable => {
    if (own !== undefined) return own;
    const { blocks, more } = before.data;
    const shared = blocks.slice(0, Math.floor(size / rowsPerBlock));
    own = {
      blocks: shared,
      more: new Map([...more].filter(([row]) => row < size)),
      pathsLength: shared.at(-1)?.paths.length ?? 0,
    };
    if (size % rowsPerBlock === 0) return own;
    const { records, paths } = blockOf(blocks, size);
    own.pathsLength = records.readDoubleLE(placeOf(size - 1) + field.end);
    own.blocks.push({ records: Buffer.from(records), paths: Buffer.from(paths) });
    return own;
  };
  /** A new record with its path; the rest is that of another record, or a file without content. */
  const append = (path: string, from?: { readonly table: FileTable; readonly row: number }): number => {
    const table = makeOwn();
    const start = placeOf(size);
    if (start === 0) {
      finishBlock(table);
      table.blocks.push({ records: Buffer.alloc(0), paths: Buffer.alloc(0) });
      table.pathsLength = 0;
    }
    const { records, paths } = blockOf(table.blocks, size);
    const block = {
      records: withRoom(records, start, recordLength, rowsPerBlock * recordLength),
      paths: withRoom(paths, table.pathsLength, path.length),
    };
    table.blocks[table.blocks.length - 1] = block;
    table.pathsLength += block.paths.write(path, table.pathsLength, "latin1");
    if (from === undefined) {
      block.records.fill(0, start, start + recordLength);
      block.records.set(emptyDigest, start + field.digest);
      block.records.writeInt32LE(noContent, start + field.fd);
    } else copyRecord(from.table.data.blocks, from.row, table.blocks, size);
    block.records.writeDoubleLE(table.pathsLength, start + field.end);
    return size++;
  };
  return {
    add: (file) => {
      const { path, type, mode, time, more } = file;
      if (size > 0 && comparePaths(last, path) >= 0) return undefined;
      last = path;
      let order = 1;
      for (; at < before.size; at++) {
        order = comparePaths(before.pathAt(at), path);
        if (order >= 0) break;
      }
      const isSame = order === 0 && before.tellsSame(at, file);
      if (isSame && own === undefined && at === size) return { row: size++, isKnown: true };
      const isKnown = isSame || (order === 0 && before.hasContentOf(at, file));
      const row = append(path, isKnown ? { table: before, row: at } : undefined);
      const { blocks, more: mores } = makeOwn();
      const { records } = blockOf(blocks, row);
      const start = placeOf(row);
      records.writeBigInt64LE(time, start + field.time);
      records.writeUInt16LE(mode, start + field.mode);
      records[start + field.type] = types.indexOf(type);
      if (more !== undefined) mores.set(row, more);
      return { row, isKnown };
    },
    give: (row, { fd, offset, size: length, digest }) => {
      const { records } = blockOf(makeOwn().blocks, row);
      const start = placeOf(row);
      records.writeDoubleLE(length, start + field.size);
      records.writeInt32LE(length === 0 ? noContent : fd, start + field.fd);
      records.writeDoubleLE(offset, start + field.offset);
      records.set(digest, start + field.digest);
    },
    pathOf: (row) => (own === undefined ? before : tableOf({ ...own, size })).pathAt(row),
    link: (row, path) => void links.push({ row, path }),
    take: (table, row) => {
      const own = append(table.pathAt(row), { table, row });
      const more = table.data.more.get(row);
      if (more !== undefined) makeOwn().more.set(own, more);
    },
    finish: () => {
      if (own === undefined && size === before.size) return before;
      const written = makeOwn();
      finishBlock(written);
      const { blocks, more } = written;
      const table = tableOf({ size, blocks, more });
      for (const { row, path } of links) {
        const target = table.seek(path);
        if (target >= size || table.pathAt(target) !== path) continue;
        const { records } = blockOf(blocks, row);
        const end = records.readDoubleLE(placeOf(row) + field.end);
        copyRecord(blocks, target, blocks, row);
        records.writeDoubleLE(end, placeOf(row) + field.end);
      }
      return table;
    },
  };
}

interface OwnTable {
  readonly blocks: TableBlock[];
  readonly more: Map<number, MoreOfFile>;
  /** Bytes of paths in the last block. */
  pathsLength: number;
}

/** Gives back the room that is left in the last block. */
function finishBlock({ blocks, pathsLength }: OwnTable): void {
  const last = blocks.at(-1);
  if (last === undefined || last.paths.length === pathsLength) return;
  blocks[blocks.length - 1] = { ...last, paths: Buffer.from(last.paths.subarray(0, pathsLength)) };
}

/** Both tables in one; what both have is as the second one has it. */
export function mergeTables(first: FileTable, second: FileTable): FileTable {
  const writer = writeTable();
  let at = 0;
  for (let row = 0; row < second.size; row++) {
    const path = second.pathAt(row);
    let order = 1;
    for (; at < first.size; at++) {
      order = comparePaths(first.pathAt(at), path);
      if (order >= 0) break;
      writer.take(first, at);
    }
    if (order === 0) at++;
    writer.take(second, row);
  }
  for (; at < first.size; at++) writer.take(first, at);
  return writer.finish();
}

function copyRecord(from: readonly TableBlock[], row: number, to: readonly TableBlock[], target: number): void {
  const start = placeOf(row);
  blockOf(from, row).records.copy(blockOf(to, target).records, placeOf(target), start, start + recordLength);
}

/** With room behind `length` bytes: twice as much each time, but no more than `most`, which is enough. */
function withRoom(bytes: Buffer, length: number, more: number, most = Number.MAX_SAFE_INTEGER): Buffer {
  if (length + more <= bytes.length) return bytes;
  const larger = Buffer.allocUnsafeSlow(Math.min(Math.max(2 * length, length + more, 1024), most));
  bytes.copy(larger, 0, 0, length);
  return larger;
}
