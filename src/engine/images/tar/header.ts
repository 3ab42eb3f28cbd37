/** The blocks before a member's content. Source: POSIX.1-2024, ustar; GNU tar manual, "Basic Tar Format". */

import { blockSize, bytesOf, paddingOf, type TarEntry, TarError, type TarType, textOf } from "./entry.ts";
import { encodePax } from "./pax.ts";

/** A header block as it stands, before PAX records and long names are applied. */
export interface RawHeader {
  readonly path: string;
  readonly linkPath: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  /** The type flag, one character. */
  readonly flag: string;
  readonly major: number;
  readonly minor: number;
}

const typeFlags: Readonly<Record<TarType, string>> = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  char: "3",
  block: "4",
  directory: "5",
  fifo: "6",
};
const types = new Map(Object.entries(typeFlags).map(([type, flag]) => [flag, type as TarType]));

/** The type of a flag; old archives mark files with NUL, and some with 7 ("contiguous"). */
export function typeOf(flag: string): TarType | undefined {
  return flag === "\0" || flag === "7" || flag === "S" ? "file" : types.get(flag);
}

/** Undefined for the block of zeros that ends an archive. Throws TarError where the checksum is wrong. */
export function decodeHeader(block: Buffer): RawHeader | undefined {
  let sum = 0;
  for (let i = 0; i < blockSize; i++) sum += block[i] ?? 0;
  if (sum === 0) return undefined;
  for (let i = 148; i < 156; i++) sum += 32 - (block[i] ?? 0);
  if (sum !== number(block, 148, 8))
    throw new TarError("not a tar archive, or a damaged one: a header's checksum is wrong");
  const magic = block.toString("latin1", 257, 263);
  const prefix = magic === "ustar\0" ? string(block, 345, 155) : "";
  const name = string(block, 0, 100);
  return {
    path: prefix === "" ? name : `${prefix}/${name}`,
    linkPath: string(block, 157, 100),
    mode: number(block, 100, 8) & 0o7777,
    uid: number(block, 108, 8),
    gid: number(block, 116, 8),
    size: number(block, 124, 12),
    mtime: number(block, 136, 12),
    flag: block.toString("latin1", 156, 157),
    major: magic.startsWith("ustar") ? number(block, 329, 8) : 0,
    minor: magic.startsWith("ustar") ? number(block, 337, 8) : 0,
  };
}

/** The blocks that announce an entry: the header, before it the PAX records that it needs. */
export function encodeEntry(entry: TarEntry): Buffer {
  const { path, linkPath, sparse } = entry;
  const records = new Map<string, string>();
  if (bytesLength(path) > 100) records.set("path", path);
  if (bytesLength(linkPath) > 100) records.set("linkpath", linkPath);
  for (const key of ["uid", "gid"] as const) if (entry[key] > 0o7777777) records.set(key, String(entry[key]));
  if (entry.size > 0o77777777777) records.set("size", String(entry.size));
  const seconds = Math.floor(Number(entry.mtime));
  const fits = seconds >= 0 && seconds <= 0o77777777777;
  if (!fits || entry.mtime.includes(".")) records.set("mtime", entry.mtime);
  if (sparse?.form === "pax") for (const [key, value] of sparse.records) records.set(key, value);
  for (const [name, value] of entry.xattrs) records.set(`SCHILY.xattr.${name}`, value);

  const pax = records.size === 0 ? undefined : bytesOf(encodePax(records));
  const before = pax === undefined ? 0 : blockSize + pax.length + paddingOf(pax.length);
  // One piece of memory for all of it: there may be very many members.
  const blocks = Buffer.allocUnsafe(before + blockSize).fill(0);
  if (pax !== undefined) {
    writePaxHeader(blocks.subarray(0, blockSize), pax.length);
    blocks.set(pax, blockSize);
  }
  const block = before === 0 ? blocks : blocks.subarray(before);
  if (sparse?.form === "gnu") writeSparse(block, sparse.header, entry);
  else {
    block.write("ustar\x0000", 257, "latin1");
    block.write(typeFlags[entry.type], 156, "latin1");
    writeNumber(block, 329, 8, entry.major);
    writeNumber(block, 337, 8, entry.minor);
  }
  block.write(path.slice(0, 100), 0, "latin1");
  block.write(linkPath.slice(0, 100), 157, "latin1");
  writeNumber(block, 100, 8, entry.mode);
  writeNumber(block, 108, 8, entry.uid > 0o7777777 ? 0 : entry.uid);
  writeNumber(block, 116, 8, entry.gid > 0o7777777 ? 0 : entry.gid);
  writeNumber(block, 124, 12, records.has("size") ? 0 : entry.size);
  writeNumber(block, 136, 12, fits ? seconds : 0);
  seal(block);
  return sparse?.form === "gnu" ? Buffer.concat([blocks, ...sparse.more]) : blocks;
}

/** What ends an archive. */
export const endOfArchive = Buffer.alloc(2 * blockSize);

function writePaxHeader(block: Buffer, size: number): void {
  block.write("PaxHeader", 0, "latin1");
  block.write("ustar\x0000", 257, "latin1");
  block.write("x", 156, "latin1");
  writeNumber(block, 100, 8, 0o644);
  writeNumber(block, 108, 8, 0);
  writeNumber(block, 116, 8, 0);
  writeNumber(block, 124, 12, size);
  writeNumber(block, 136, 12, 0);
  seal(block);
}

/** The old header with its map of holes, but no names, so that it can bear others. */
function writeSparse(block: Buffer, header: Buffer, { size }: TarEntry): void {
  if (size > 0o77777777777) throw new TarError("a sparse file is too large");
  block.set(header);
  block.fill(0, 0, 100);
  block.fill(0, 157, 257);
  block.fill(0, 265, 329);
}

function seal(block: Buffer): void {
  block.fill(32, 148, 156);
  let sum = 0;
  for (let at = 0; at < blockSize; at++) sum += block[at] ?? 0;
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
}

function writeNumber(block: Buffer, offset: number, length: number, value: number): void {
  block.write(`${value.toString(8).padStart(length - 1, "0")}\0`, offset, "latin1");
}

const bytesLength = (text: string) => text.length;

function string(block: Buffer, offset: number, length: number): string {
  const nul = block.indexOf(0, offset);
  return textOf(block.subarray(offset, nul === -1 || nul > offset + length ? offset + length : nul));
}

/** Octal, or with the first bit set a big-endian number. Throws TarError for what is neither, or too large to count. */
function number(block: Buffer, offset: number, length: number): number {
  const first = block[offset] ?? 0;
  if (first >= 0x80) {
    const negative = first === 0xff;
    let value = negative ? -1 : first & 0x7f;
    for (let i = offset + 1; i < offset + length; i++) value = value * 256 + (block[i] ?? 0);
    if (!Number.isSafeInteger(value)) throw new TarError("a number in a header is too large");
    return value;
  }
  const text = block
    .toString("latin1", offset, offset + length)
    .replace(/[\0 ]+$/, "")
    .replace(/^[\0 ]+/, "");
  if (text === "") return 0;
  if (!/^[0-7]+$/.test(text))
    throw new TarError("not a tar archive, or a damaged one: a header holds no number where it must");
  return Number.parseInt(text, 8);
}
