/** Packs files of a container as a tar: walked by descriptors, so that nothing that moves meanwhile leads out of it. */

import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
} from "node:fs";
import { bytesOf, paddingOf, type TarEntry, type TarType, textOf } from "../../images/tar/entry.ts";
import { encodeEntry, endOfArchive } from "../../images/tar/header.ts";

/** Bytes of a file that are read at once. */
const pieceLength = 256 * 1024;

export interface PackOptions {
  /** What the root of the archive is called; nothing: its members stand at the top. */
  readonly name: string;
  /** Members, as paths below the root, that are left out with all that is in them. */
  readonly without?: ReadonlySet<string>;
}

/**
 * The tar of what a descriptor (O_PATH) stands for: a directory with what is in it, or one file. Takes the descriptor over.
 * Sockets are left out: no archive can hold one.
 */
export async function* packFrom(fd: number, options: PackOptions): AsyncGenerator<Buffer, void, undefined> {
  const links = new Map<string, string>();
  try {
    const stats = fstatSync(fd, { bigint: true });
    const name = textOf(Buffer.from(options.name));
    if (stats.isDirectory()) yield* packDirectory(fd, stats, name, "", options, links);
    else yield* packFile({ place: `/proc/self/fd/${fd}`, isLink: false }, stats, name, links);
    yield endOfArchive;
  } finally {
    closeSync(fd);
  }
}

/** The tar of one link in a folder that a descriptor stands for. Takes the descriptor over. */
export async function* packLink(folder: number, name: string): AsyncGenerator<Buffer, void, undefined> {
  try {
    const place = Buffer.from(`/proc/self/fd/${folder}/${name}`);
    yield* packFile({ place, isLink: true }, lstatSync(place, { bigint: true }), textOf(Buffer.from(name)), new Map());
    yield endOfArchive;
  } finally {
    closeSync(folder);
  }
}

async function* packDirectory(
  fd: number,
  stats: BigIntStats,
  name: string,
  below: string,
  options: PackOptions,
  links: Map<string, string>,
): AsyncGenerator<Buffer, void, undefined> {
  if (name !== "") yield encodeEntry({ ...entryOf(stats, "directory"), path: `${name}/` });
  const here = `/proc/self/fd/${fd}`;
  // Names are bytes: read as such, and sorted, so that an archive is always the same.
  const children = readdirSync(here, { encoding: "latin1" as BufferEncoding }).sort();
  for (const child of children) {
    const path = `${below}/${child}`;
    if (options.without?.has(path)) continue;
    const place = Buffer.concat([Buffer.from(`${here}/`), bytesOf(child)]);
    const inner = lstatSync(place, { bigint: true, throwIfNoEntry: false });
    if (inner === undefined) continue;
    const member = name === "" ? child : `${name}/${child}`;
    if (!inner.isDirectory()) {
      yield* packFile({ place, isLink: true }, inner, member, links);
      continue;
    }
    const next = openIfThere(place, constants.O_DIRECTORY);
    if (next === undefined) continue;
    try {
      yield* packDirectory(next, fstatSync(next, { bigint: true }), member, path, options, links);
    } finally {
      closeSync(next);
    }
  }
}

interface Source {
  readonly place: string | Buffer;
  /** The last component of the place is the file's own name. */
  readonly isLink: boolean;
}

async function* packFile(
  { place, isLink }: Source,
  stats: BigIntStats,
  path: string,
  links: Map<string, string>,
): AsyncGenerator<Buffer, void, undefined> {
  if (stats.isSymbolicLink()) {
    if (!isLink) return;
    const linkPath = readlinkSync(place, { encoding: "latin1" as BufferEncoding });
    yield encodeEntry({ ...entryOf(stats, "symlink"), path, linkPath });
    return;
  }
  const identity = `${stats.dev}:${stats.ino}`;
  const first = stats.nlink > 1n ? links.get(identity) : undefined;
  if (first !== undefined) {
    yield encodeEntry({ ...entryOf(stats, "hardlink"), path, linkPath: first });
    return;
  }
  if (stats.nlink > 1n) links.set(identity, path);
  if (stats.isFile()) {
    yield* packContent(place, path);
    return;
  }
  const kind = kindOf(stats);
  if (kind === undefined) return;
  yield encodeEntry({
    ...entryOf(stats, kind),
    path,
    major: Number((stats.rdev >> 8n) & 0xfffn),
    minor: Number((stats.rdev & 0xffn) | ((stats.rdev >> 12n) & 0xfff00n)),
  });
}

/** A file as it is when it is opened. One that shrinks meanwhile is filled up, one that grows is cut off. */
async function* packContent(place: string | Buffer, path: string): AsyncGenerator<Buffer, void, undefined> {
  const noFollow = typeof place === "string" ? 0 : constants.O_NOFOLLOW;
  const fd = openIfThere(place, constants.O_NONBLOCK | noFollow, constants.O_RDONLY);
  if (fd === undefined) return;
  try {
    const stats = fstatSync(fd, { bigint: true });
    if (!stats.isFile()) return;
    const size = Number(stats.size);
    yield encodeEntry({ ...entryOf(stats, "file"), path, size });
    for (let at = 0; at < size; ) {
      const piece = Buffer.alloc(Math.min(pieceLength, size - at));
      const count = readSync(fd, piece, 0, piece.length, at);
      at += count === 0 ? piece.length : count;
      yield count === 0 ? piece : piece.subarray(0, count);
    }
    if (size % 512 !== 0) yield Buffer.alloc(paddingOf(size));
  } finally {
    closeSync(fd);
  }
}

/** O_PATH of open(2); Node has no name for it. */
const O_PATH = 0o10000000;

function openIfThere(place: string | Buffer, more: number, access = O_PATH | constants.O_NOFOLLOW): number | undefined {
  try {
    return openSync(place, access | more);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    // It is gone, or something else by now.
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP" || code === "ENXIO") return undefined;
    throw error;
  }
}

function kindOf(stats: BigIntStats): TarType | undefined {
  if (stats.isCharacterDevice()) return "char";
  if (stats.isBlockDevice()) return "block";
  return stats.isFIFO() ? "fifo" : undefined;
}

function entryOf({ mode, uid, gid, mtimeNs }: BigIntStats, type: TarType): TarEntry {
  const second = 1_000_000_000n;
  const fraction = mtimeNs % second;
  return {
    path: "",
    type,
    mode: Number(mode) & 0o7777,
    uid: Number(uid),
    gid: Number(gid),
    size: 0,
    mtime: fraction === 0n ? String(mtimeNs / second) : `${mtimeNs / second}.${String(fraction).padStart(9, "0")}`,
    linkPath: "",
    major: 0,
    minor: 0,
    xattrs: new Map(),
  };
}
