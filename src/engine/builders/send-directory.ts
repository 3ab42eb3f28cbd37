/**
 * A directory for a build's session: its files are told of in the order of their names, and sent as they are asked for.
 * Source: tonistiigi/fsutil, send.go; moby/buildkit, session/filesync.
 */

import { type BigIntStats, closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import { decode, type Encodable, encode } from "../buildkit/protobuf.ts";
import { openQueue } from "../buildkit/queue.ts";
import { type fileStat, packet, packetType } from "../buildkit/session-messages.ts";
import { type IgnoreRules, parseIgnore } from "../ignore.ts";
import { unlessGone } from "../pack-tree.ts";
import { followPaths, type Wanted } from "./follow-paths.ts";
import { openPathList } from "./path-list.ts";

/** A directory of this machine, or files that are in none. */
export type Directory = { readonly path: string } | { readonly files: ReadonlyMap<string, string> };

/** How much of a file one message holds, in bytes. */
const pieceLength = 256 * 1024;

/** What the engine asks for: what it leaves out, and what it wants of the rest; undefined: everything. */
export interface DirectoryFilter {
  readonly rules: IgnoreRules;
  readonly only: readonly string[] | undefined;
}

export function readFilter(metadata: IncomingHttpHeaders): DirectoryFilter {
  const list = (name: string): readonly string[] => {
    const values = String(metadata[name] ?? "")
      .split(", ")
      .filter((value) => value !== "");
    return metadata[`${name}-encoded`] === "1" ? values.map(decodeURIComponent) : values;
  };
  return directoryFilter(list("exclude-patterns"), [...list("followpaths"), ...list("include-patterns")]);
}

export const directoryFilter = (exclude: readonly string[], only: readonly string[]): DirectoryFilter => ({
  rules: parseIgnore(exclude.join("\n")),
  only: only.length === 0 ? undefined : only,
});

/** Answers the engine. What cannot be read is told it, in the words of a user's error. */
export async function* sendDirectory(
  directory: Directory,
  filter: DirectoryFilter,
  requests: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    const taken = takeAtOnce(requests);
    yield* "path" in directory ? sendTree(directory.path, filter, taken) : sendFiles(directory.files, taken);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    yield encode(packet, { type: packetType.error, data: Buffer.from(text) });
  }
}

/** The engine asks while it is still being told of files: unread, its requests would fill the connection, and both would wait. */
function takeAtOnce(requests: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const taken = openQueue<Buffer>();
  const take = async () => {
    for await (const request of requests) taken.put(request);
  };
  take().then(taken.end, taken.fail);
  return taken.items;
}

async function* sendTree(
  root: string,
  { rules, only }: DirectoryFilter,
  requests: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  const paths = openPathList();
  const walk: Walk = { root, rules, wanted: only && followPaths(root, only), links: new Map(), held: [] };
  for (const { path, stat } of entriesOf(walk, "")) {
    paths.add(path);
    yield encode(packet, { type: packetType.stat, stat });
  }
  yield* answerRequests(requests, (number) => piecesOf(join(root, paths.at(number) ?? "")));
}

async function* sendFiles(
  files: ReadonlyMap<string, string>,
  requests: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  const all = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [path, text] of all)
    yield encode(packet, { type: packetType.stat, stat: { path, mode: 0o644, size: Buffer.byteLength(text) } });
  yield* answerRequests(requests, (number) => [Buffer.from(all[number]?.[1] ?? "")]);
}

/** The end of the list, then files until the engine has what it wants. */
async function* answerRequests(
  requests: AsyncIterable<Buffer>,
  content: (number: number) => Iterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  yield encode(packet, { type: packetType.stat });
  for await (const message of requests) {
    const { type, id } = decode(packet, message);
    if (type === packetType.end) {
      yield encode(packet, { type: packetType.end });
      return;
    }
    if (type !== packetType.request) continue;
    for (const data of content(id)) if (data.length > 0) yield encode(packet, { type: packetType.data, id, data });
    yield encode(packet, { type: packetType.data, id });
  }
}

interface Walk {
  readonly root: string;
  readonly rules: IgnoreRules;
  readonly wanted: Wanted | undefined;
  /** Files with several names: the first name of each. */
  readonly links: Map<string, string>;
  /** Directories that are told of only if something in them is. */
  readonly held: Entry[];
}

interface Entry {
  readonly path: string;
  readonly stat: Encodable<typeof fileStat>;
}

function* entriesOf(walk: Walk, directory: string): Generator<Entry, void, undefined> {
  const { root, rules, wanted, held } = walk;
  const place = join(root, directory);
  const names = unlessGone(place, () => readdirSync(place)) ?? [];
  for (const name of names.sort(byBytes)) {
    const path = directory === "" ? name : `${directory}/${name}`;
    const part = wanted?.(path) ?? "whole";
    if (part === "nothing") continue;
    const file = join(root, path);
    const stats = unlessGone(file, () => lstatSync(file, { bigint: true }));
    if (stats === undefined || stats.isSocket()) continue;
    const isLeftOut = rules.ignores(path) || part === "inside";
    if (!stats.isDirectory()) {
      if (isLeftOut) continue;
      yield* held.splice(0);
      yield { path, stat: statOf(walk, path, stats) };
    } else if (!isLeftOut || part === "inside" || rules.mayHoldExceptions(path)) {
      const entry = { path, stat: statOf(walk, path, stats) };
      held.push(entry);
      if (!isLeftOut) yield* held.splice(0);
      yield* entriesOf(walk, path);
      if (held.at(-1) === entry) held.pop();
    }
  }
}

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Go's os.FileMode: the kinds of files, and what is beyond the permissions. */
const goMode = { directory: 2 ** 31, symlink: 2 ** 27, device: 2 ** 26, fifo: 2 ** 25, char: 2 ** 21 };

/** Everything belongs to root, as docker's clients have it: who owns a file here says nothing of the image. */
function statOf({ root, links }: Walk, path: string, stats: BigIntStats): Encodable<typeof fileStat> {
  const kind = stats.isDirectory()
    ? goMode.directory
    : stats.isSymbolicLink()
      ? goMode.symlink
      : stats.isFIFO()
        ? goMode.fifo
        : stats.isCharacterDevice()
          ? goMode.device + goMode.char
          : stats.isBlockDevice()
            ? goMode.device
            : 0;
  const bits = Number(stats.mode);
  const special = (bits & 0o4000 ? 2 ** 23 : 0) + (bits & 0o2000 ? 2 ** 22 : 0) + (bits & 0o1000 ? 2 ** 20 : 0);
  const identity = `${stats.dev}:${stats.ino}`;
  const first = stats.isFile() && stats.nlink > 1n ? links.get(identity) : undefined;
  if (stats.isFile() && stats.nlink > 1n && first === undefined) links.set(identity, path);
  return {
    path,
    mode: kind + special + (bits & 0o777),
    size: stats.isFile() && first === undefined ? Number(stats.size) : 0,
    modTime: stats.mtimeNs,
    ...(stats.isSymbolicLink() && { linkName: readlinkSync(join(root, path)) }),
    ...(first !== undefined && { linkName: first }),
    ...((stats.isCharacterDevice() || stats.isBlockDevice()) && {
      devMajor: Number((stats.rdev >> 8n) & 0xfffn),
      devMinor: Number((stats.rdev & 0xffn) | ((stats.rdev >> 12n) & 0xfff00n)),
    }),
  };
}

/** One for all that is read: a file of a few bytes needs no memory of its own. */
const scratch = Buffer.allocUnsafe(pieceLength);

/** Each piece is to be used before the next one is asked for. A file that vanished meanwhile is empty. */
function* piecesOf(file: string): Generator<Buffer, void, undefined> {
  const descriptor = unlessGone(file, () => openSync(file, "r"));
  if (descriptor === undefined) return;
  try {
    for (;;) {
      const length = unlessGone(file, () => readSync(descriptor, scratch, 0, pieceLength, null)) ?? 0;
      if (length > 0) yield scratch.subarray(0, length);
      if (length < pieceLength) return;
    }
  } finally {
    closeSync(descriptor);
  }
}
