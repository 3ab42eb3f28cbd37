/**
 * A directory of the client's, as far as it is wanted and not known yet. The client tells of every file, in the order of
 * their names; files are asked for by their number, and their contents come in pieces, several files at a time.
 * Source: tonistiigi/fsutil, send.go and receive.go; moby/buildkit, session/filesync.
 */

import { createHash, type Hash, hash } from "node:crypto";
import { openSync, unlinkSync, writeSync } from "node:fs";
import type { GrpcStream } from "../../buildkit/grpc-client.ts";
import { decode, encode } from "../../buildkit/protobuf.ts";
import { type FileStat, packet, packetType, sessionPath } from "../../buildkit/session-messages.ts";
import { type TarType, textOf } from "../../images/tar/entry.ts";
import { badRequest } from "../../refusal.ts";
import type { FileRow, FileTable } from "../file-table.ts";
import { openTree, type Tree } from "../tree.ts";
import { asText } from "../view.ts";
import { mergeTables, type TableWriter, writeTable } from "../write-table.ts";
import { type ContentFile, contentFile, type SentContexts } from "./contexts.ts";
import type { Session } from "./open-sessions.ts";
import { placeHere, sendFromHere } from "./send-from-here.ts";

export interface DirectoryRequest {
  readonly session: Session;
  /** What the client calls it. */
  readonly name: string;
  /** Patterns as in `.dockerignore`. */
  readonly exclude?: readonly string[];
  /** Paths with patterns, and what links lead to; undefined: everything. */
  readonly only?: readonly string[] | undefined;
  readonly sent: SentContexts;
  /** A new path on a disk with room. */
  readonly file: string;
  readonly signal: AbortSignal;
  /** Bytes of contents that have come. */
  readonly progress: (bytes: number) => void;
}

const mostFiles = 2_000_000;
/**
 * Files that are under way at once. A side that has its hands full with sending may not read meanwhile (Node's HTTP/2 does not):
 * were there more requests than a socket takes, both could wait for each other.
 */
const mostAsked = 256;

/** EngineError 400 for what the client says is wrong, and for files that change while they are sent. */
export async function receiveDirectory(request: DirectoryRequest): Promise<Tree> {
  const { session, name, only, sent, file, progress } = request;
  const stream = await openSender(request);
  const key = `${session.sharedKey} ${name}`;
  const known = sent.get(key);
  const fd = openSync(file, "wx+", 0o600);
  unlinkSync(file);
  const content = contentFile(fd);
  const writer = writeTable(known?.table);
  const receiving: Receiving = {
    writer,
    fd,
    wanted: openWanted(),
    awaited: new Map(),
    length: 0,
    buffer: [],
    buffered: 0,
  };
  try {
    let number = 0;
    let complete = false;
    const { wanted, awaited } = receiving;
    const ask = async () => {
      while (awaited.size < mostAsked) {
        const next = wanted.take();
        if (next === undefined) return;
        const [id, row, size] = next;
        awaited.set(id, { row, size, pieces: [], length: 0 });
        await stream.send(encode(packet, { type: packetType.request, id }));
      }
    };
    for await (const message of stream.messages) {
      const { type, stat, id, data } = decode(packet, message);
      if (type === packetType.error) throw badRequest(`the client cannot send "${name}": ${data.toString("utf8")}`);
      if (type === packetType.end) break;
      if (type === packetType.data) {
        progress(data.length);
        take(receiving, id, data);
        if (awaited.size <= mostAsked / 2) await ask();
      } else if (type === packetType.stat && stat !== undefined) {
        if (number >= mostFiles) throw badRequest(`the build context has more than ${mostFiles} files`);
        learn(receiving, number++, stat);
        if (wanted.size >= 64) await ask();
      } else if (type === packetType.stat) {
        complete = true;
        await ask();
      }
      if (complete && awaited.size === 0) {
        complete = false;
        await stream.send(encode(packet, { type: packetType.end }));
        stream.end();
      }
    }
    if (wanted.size + awaited.size > 0) throw badRequest(`the client ended before all of "${name}" was sent`);
    flush(receiving);
    const table = writer.finish();
    // A part of the directory says nothing of the rest.
    const all = only === undefined || known === undefined ? table : mergeTables(known.table, table);
    const candidates = [content, ...(known?.files ?? [])];
    const files = filesOf(table, candidates);
    for (const file of files) file.retain();
    sent.put(key, { table: all, files: filesOf(all, candidates) });
    content.release();
    return openTree(table, () => {
      for (const one of files) one.release();
    });
  } catch (error) {
    content.release();
    throw error;
  }
}

/** Who tells of the directory: where it can be read here, a thread of ours, else the client. */
async function openSender({ session, name, exclude = [], only = [], signal }: DirectoryRequest): Promise<GrpcStream> {
  const here = await placeHere(session, name, signal);
  if (here !== undefined) return sendFromHere(here, { exclude, only }, signal);
  return session.client.open(sessionPath.sendDirectory, {
    signal,
    metadata: { "dir-name": name, ...list("exclude-patterns", exclude), ...list("followpaths", only) },
  });
}

function filesOf(table: FileTable, files: readonly ContentFile[]): readonly ContentFile[] {
  const used = table.fds();
  return files.filter(({ fd }) => used.has(fd));
}

/** A header with several values; what is not plain text is escaped, which is said. */
function list(name: string, values: readonly string[]): Record<string, string | readonly string[]> {
  if (values.length === 0) return {};
  if (values.every((value) => /^[\x20-\x7e]*$/.test(value))) return { [name]: values };
  return { [name]: values.map(encodeURIComponent), [`${name}-encoded`]: "1" };
}

/** Files that are to be asked for: the client's number of each, its row and its size. There may be a million of them. */
interface Wanted {
  readonly size: number;
  add(id: number, row: number, size: number): void;
  take(): readonly [id: number, row: number, size: number] | undefined;
}

function openWanted(): Wanted {
  let numbers: number[] = [];
  let at = 0;
  return {
    get size() {
      return (numbers.length - at) / 3;
    },
    add: (...file) => void numbers.push(...file),
    take: () => {
      const [id, row, size] = numbers.slice(at, at + 3);
      if (id === undefined || row === undefined || size === undefined) {
        numbers = [];
        at = 0;
        return undefined;
      }
      at += 3;
      return [id, row, size];
    },
  };
}

interface Awaited {
  readonly row: number;
  /** Bytes that are to come. */
  readonly size: number;
  /** What has come, and is not written. */
  pieces: Buffer[];
  /** Bytes that have come. */
  length: number;
  /** Where it is written, if it is too large to wait for its end. */
  large?: { readonly offset: number; written: number; readonly hash: Hash };
}

interface Receiving {
  readonly writer: TableWriter;
  readonly fd: number;
  readonly wanted: Wanted;
  /** What was asked for, by the client's numbers. */
  readonly awaited: Map<number, Awaited>;
  /** Bytes of contents so far. */
  length: number;
  /** Those of them that are not written yet. */
  buffer: Buffer[];
  buffered: number;
}

const writeAt = 4 * 1024 * 1024;

/** Go's os.FileMode: the kinds of files. */
const modeBits = {
  directory: 2 ** 31,
  symlink: 2 ** 27,
  device: 2 ** 26,
  fifo: 2 ** 25,
  socket: 2 ** 24,
  char: 2 ** 21,
};

function typeOf(mode: number): TarType | undefined {
  const has = (bit: number) => Math.floor((mode >>> 0) / bit) % 2 === 1;
  if (has(modeBits.directory)) return "directory";
  if (has(modeBits.symlink)) return "symlink";
  if (has(modeBits.fifo)) return "fifo";
  if (has(modeBits.device)) return has(modeBits.char) ? "char" : "block";
  return has(modeBits.socket) ? undefined : "file";
}

/** Takes a file, whose content is wanted if it is not known. */
function learn({ writer, wanted }: Receiving, number: number, stat: FileStat): void {
  const path = cleanPath(stat.path);
  const type = typeOf(stat.mode);
  if (path === undefined || type === undefined) return;
  const isLink = type === "file" && stat.linkName !== "";
  const added = writer.add(rowOf(path, type, stat));
  if (added === undefined) throw badRequest(`the client tells of "${stat.path}" in the wrong place, or twice`);
  const { row, isKnown } = added;
  if (isLink) writer.link(row, cleanPath(stat.linkName) ?? "");
  if (type === "file" && !isLink && !isKnown && stat.size > 0) wanted.add(number, row, stat.size);
}

const noAttributes: ReadonlyMap<string, string> = new Map();

function rowOf(path: string, type: TarType, stat: FileStat): FileRow {
  const special = stat.mode & (2 ** 23) ? 0o4000 : 0;
  const group = stat.mode & (2 ** 22) ? 0o2000 : 0;
  const sticky = stat.mode & (2 ** 20) ? 0o1000 : 0;
  const told = {
    path,
    type,
    mode: (stat.mode & 0o777) | special | group | sticky,
    size: type === "file" ? stat.size : 0,
    time: stat.modTime,
  };
  const isDevice = type === "char" || type === "block";
  if (type !== "symlink" && !isDevice && stat.xattrs.size === 0) return told;
  const { devMajor, devMinor, linkName, xattrs } = stat;
  return {
    ...told,
    more: {
      linkPath: type === "symlink" ? textOf(Buffer.from(linkName)) : "",
      major: isDevice ? devMajor : 0,
      minor: isDevice ? devMinor : 0,
      xattrs:
        xattrs.size === 0 ? noAttributes : new Map([...xattrs].map(([name, value]) => [name, textOf(value)] as const)),
    },
  };
}

/** Letters of ASCII between single slashes; what has dots at an end of a part is looked at more closely. */
const plainPath = /^[\x21-\x2e\x30-\x7e]+(?:\/[\x21-\x2e\x30-\x7e]+)*$/;

/** A path in bytes; undefined for the directory itself, and for what leads out of it. */
function cleanPath(path: string): string | undefined {
  if (plainPath.test(path) && !path.includes("./") && !path.endsWith(".")) return path;
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  return parts.length === 0 || parts.includes("..") ? undefined : textOf(Buffer.from(parts.join("/")));
}

function take(receiving: Receiving, id: number, data: Buffer): void {
  const awaited = receiving.awaited.get(id);
  if (awaited === undefined) return;
  if (data.length > 0) {
    awaited.pieces.push(data);
    awaited.length += data.length;
    if (awaited.length > awaited.size)
      throw badRequest(
        `"${asText(receiving.writer.pathOf(awaited.row))}" changes while it is sent: build again when it is at rest`,
      );
    if (awaited.large !== undefined || awaited.length > writeAt) writeLarge(receiving, awaited);
    return;
  }
  receiving.awaited.delete(id);
  const { row, large, length: size } = awaited;
  const bytes = Buffer.concat(awaited.pieces);
  const digest = large === undefined ? hash("sha256", bytes, "buffer") : large.hash.digest();
  const offset = large?.offset ?? receiving.length;
  receiving.writer.give(row, { fd: receiving.fd, offset, size, digest });
  if (large !== undefined) return;
  receiving.length += bytes.length;
  receiving.buffer.push(bytes);
  receiving.buffered += bytes.length;
  if (receiving.buffered >= writeAt) flush(receiving);
}

/** A large file has its place from the beginning, and is written as it comes: others may come between its pieces. */
function writeLarge(receiving: Receiving, awaited: Awaited): void {
  if (awaited.large === undefined) {
    flush(receiving);
    awaited.large = { offset: receiving.length, written: 0, hash: createHash("sha256") };
    receiving.length += awaited.size;
  }
  const { large } = awaited;
  for (const piece of awaited.pieces) {
    large.hash.update(piece);
    for (let at = 0; at < piece.length; )
      at += writeSync(receiving.fd, piece, at, piece.length - at, large.offset + large.written + at);
    large.written += piece.length;
  }
  awaited.pieces = [];
}

function flush(receiving: Receiving): void {
  const { fd, length, buffered } = receiving;
  const bytes = Buffer.concat(receiving.buffer);
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, length - buffered + at);
  receiving.buffer = [];
  receiving.buffered = 0;
}
