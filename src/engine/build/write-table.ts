/** Makes a table of files as they are told of, beside the table of what was told the last time. */

import { hash } from "node:crypto";
import {
  comparePaths,
  emptyTable,
  type FileRow,
  type FileTable,
  field,
  type MoreOfFile,
  noContent,
  recordLength,
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
  let pathsLength = 0;
  let last = "";
  /** Where in the table before we are. */
  let at = 0;
  /** Undefined while the files are the first ones of the table before. */
  let own: { paths: Buffer; records: Buffer; readonly more: Map<number, MoreOfFile> } | undefined;
  const links: { readonly row: number; readonly path: string }[] = [];

  const makeOwn = (): NonNullable<typeof own> => {
    if (own !== undefined) return own;
    const { paths, records, more } = before.data;
    const end = size * recordLength;
    pathsLength = size === 0 ? 0 : records.readDoubleLE(end - recordLength + field.end);
    own = {
      paths: Buffer.from(paths.subarray(0, pathsLength)),
      records: Buffer.from(records.subarray(0, end)),
      more: new Map([...more].filter(([row]) => row < size)),
    };
    return own;
  };
  /** A new record with its path; the rest is that of another record, or a file without content. */
  const append = (path: string, from?: { readonly table: FileTable; readonly row: number }): number => {
    const table = makeOwn();
    const start = size * recordLength;
    table.paths = withRoom(table.paths, pathsLength, path.length);
    table.records = withRoom(table.records, start, recordLength);
    pathsLength += table.paths.write(path, pathsLength, "latin1");
    if (from !== undefined) copyRecord(from.table.data.records, from.row, table.records, size);
    else {
      table.records.fill(0, start, start + recordLength);
      table.records.set(emptyDigest, start + field.digest);
      table.records.writeInt32LE(noContent, start + field.fd);
    }
    table.records.writeDoubleLE(pathsLength, start + field.end);
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
      const { records, more: mores } = makeOwn();
      const start = row * recordLength;
      records.writeBigInt64LE(time, start + field.time);
      records.writeUInt16LE(mode, start + field.mode);
      records[start + field.type] = types.indexOf(type);
      if (more !== undefined) mores.set(row, more);
      return { row, isKnown };
    },
    give: (row, { fd, offset, size: length, digest }) => {
      const { records } = makeOwn();
      const start = row * recordLength;
      records.writeDoubleLE(length, start + field.size);
      records.writeInt32LE(length === 0 ? noContent : fd, start + field.fd);
      records.writeDoubleLE(offset, start + field.offset);
      records.set(digest, start + field.digest);
    },
    link: (row, path) => void links.push({ row, path }),
    take: (table, row) => {
      const own = append(table.pathAt(row), { table, row });
      const more = table.data.more.get(row);
      if (more !== undefined) makeOwn().more.set(own, more);
    },
    finish: () => {
      if (own === undefined && size === before.size) return before;
      const { paths, records, more } = makeOwn();
      const written = { paths: trimmed(paths, pathsLength), records: trimmed(records, size * recordLength), more };
      const table = tableOf(written);
      for (const { row, path } of links) {
        const target = table.seek(path);
        if (target >= size || table.pathAt(target) !== path) continue;
        const end = written.records.readDoubleLE(row * recordLength + field.end);
        copyRecord(written.records, target, written.records, row);
        written.records.writeDoubleLE(end, row * recordLength + field.end);
      }
      return table;
    },
  };
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

function copyRecord(from: Buffer, row: number, to: Buffer, target: number): void {
  from.copy(to, target * recordLength, row * recordLength, (row + 1) * recordLength);
}

/** With room behind `length` bytes: twice as much each time. */
function withRoom(bytes: Buffer, length: number, more: number): Buffer {
  if (length + more <= bytes.length) return bytes;
  const larger = Buffer.allocUnsafeSlow(Math.max(2 * length, length + more, 1024));
  bytes.copy(larger, 0, 0, length);
  return larger;
}

/** Without the room that is left, where it is much. */
const trimmed = (bytes: Buffer, length: number): Buffer =>
  bytes.length - length > 64 * 1024 ? Buffer.from(bytes.subarray(0, length)) : bytes.subarray(0, length);
