/**
 * A directory as a tar. Reads synchronously: per file that takes a tenth of the time, and the event loop has its turn
 * whenever the engine does not take more.
 */

import { closeSync, fstatSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, type Stats } from "node:fs";
import { join } from "node:path";
import type { Writable } from "node:stream";
import type { Headers, Pack } from "tar-stream";
import { GantryError } from "../errors.ts";
import type { IgnoreRules } from "./ignore.ts";

export interface TreeOptions {
  /** Paths that are sent even when they are ignored: the engine needs them, and removes them itself. */
  readonly always?: readonly string[];
  /** Files that stand in the tar but not on the disk, or not so. */
  readonly extras?: readonly { readonly name: string; readonly content: string }[];
}

const pieceLength = 256 * 1024;
const rootOwned = { uid: 0, gid: 0 };

/**
 * The tar of a directory without what the rules leave out. Ends with GantryError when a file cannot be read; a file that
 * vanishes meanwhile is left out.
 */
export async function* packTree(
  directory: string,
  rules: IgnoreRules,
  { always = [], extras = [] }: TreeOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { pack: newPack } = await import("tar-stream");
  const tar = newPack();
  const fill = async () => {
    const skip = new Set(extras.map(({ name }) => name));
    await addDirectory(tar, { root: directory, rules, always: new Set(always), skip }, "", []);
    for (const { name, content } of extras) {
      await addEntry(tar, { ...rootOwned, name, mode: 0o644, mtime: new Date(0), type: "file" }, Buffer.from(content));
    }
    tar.finalize();
  };
  // Errors end the tar, and so reach whoever reads it.
  fill().catch((error: unknown) => tar.destroy(error instanceof Error ? error : new Error(String(error))));
  yield* tar;
}

/**
 * The tar of one file, directory or symbolic link under a name in the tar, with what is below it and with the owners that
 * the files have here. `.` as the name of a directory: what is below it, without a folder around it. Ends with GantryError
 * when something cannot be read.
 */
export async function* packPath(source: string, name: string): AsyncGenerator<Uint8Array, void, undefined> {
  const { pack: newPack } = await import("tar-stream");
  const tar = newPack();
  const prefix = name === "." ? "" : `${name}/`;
  const walk: Walk = { root: source, rules: everything, always: new Set(), skip: new Set(), copy: { prefix } };
  const fill = async () => {
    const stats = unlessGone(source, () => lstatSync(source));
    if (stats === undefined) throw new GantryError(`${source}: there is no such file or directory`);
    if (!stats.isDirectory()) await addLeaf(tar, walk, name, source, stats);
    else {
      await addEntry(tar, { ...headerOf(walk, name, stats), name, type: "directory" });
      await addDirectory(tar, walk, "", []);
    }
    tar.finalize();
  };
  fill().catch((error: unknown) => tar.destroy(error instanceof Error ? error : new Error(String(error))));
  yield* tar;
}

const everything: IgnoreRules = { ignores: () => false, mayHoldExceptions: () => false };

interface Walk {
  readonly root: string;
  /** A copy of files rather than a build context: with their owners, below a folder of the tar. */
  readonly copy?: { readonly prefix: string };
  readonly rules: IgnoreRules;
  readonly always: ReadonlySet<string>;
  readonly skip: ReadonlySet<string>;
}

/** A directory that is ignored, but may hold something that is not: its entry is written before its first such child. */
type Held = () => Promise<void>;

/** A directory that vanished meanwhile is empty. */
function readNames(directory: string): readonly string[] {
  return unlessGone(directory, () => readdirSync(directory).sort()) ?? [];
}

async function addDirectory(tar: Pack, walk: Walk, directory: string, held: readonly Held[]): Promise<void> {
  const names = readNames(join(walk.root, directory));
  for (const name of names) {
    const path = directory === "" ? name : `${directory}/${name}`;
    if (walk.skip.has(path)) continue;
    const file = join(walk.root, path);
    const stats = unlessGone(file, () => lstatSync(file));
    if (stats === undefined) continue;
    const ignored = !walk.always.has(path) && walk.rules.ignores(path);
    if (stats.isDirectory()) {
      const write = once(() => addEntry(tar, { ...headerOf(walk, inTar(walk, path), stats), type: "directory" }));
      if (!ignored) await release(held, write);
      const inner = [...walk.always].some((wanted) => wanted.startsWith(`${path}/`));
      if (!ignored || inner || walk.rules.mayHoldExceptions(path)) {
        await addDirectory(tar, walk, path, ignored ? [...held, write] : []);
      }
    } else if (!ignored) {
      await release(held);
      await addLeaf(tar, walk, inTar(walk, path), file, stats);
    }
  }
}

async function release(...writes: readonly (readonly Held[] | Held)[]): Promise<void> {
  for (const write of writes.flat()) await write();
}

function once(work: () => Promise<void>): Held {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}

function inTar({ copy }: Walk, path: string): string {
  return copy === undefined ? path : `${copy.prefix}${path}`;
}

async function addLeaf(tar: Pack, walk: Walk, path: string, file: string, stats: Stats): Promise<void> {
  if (stats.isFile()) return addFile(tar, walk, path, file);
  if (stats.isSymbolicLink()) {
    return addEntry(tar, { ...headerOf(walk, path, stats), type: "symlink", linkname: readlinkSync(file) });
  }
  if (stats.isFIFO()) return addEntry(tar, { ...headerOf(walk, path, stats), type: "fifo" });
  // Sockets have no meaning outside of their host; docker leaves them out too.
  if (stats.isSocket()) return;
  const hint = walk.copy === undefined ? { hint: "name it in .dockerignore" } : {};
  const where = walk.copy === undefined ? "the build context holds a device file," : "a device cannot be copied:";
  throw new GantryError(`${where} ${file}`, hint);
}

/** The size in the header is the one at the time of opening: what is added later is cut off, what is missing is zeros. */
async function addFile(tar: Pack, walk: Walk, path: string, file: string): Promise<void> {
  const descriptor = unlessGone(file, () => openSync(file, "r"));
  if (descriptor === undefined) return;
  try {
    const stats = fstatSync(descriptor);
    const header: Headers = { ...headerOf(walk, path, stats), type: "file", size: stats.size };
    if (stats.size <= pieceLength) return await addEntry(tar, header, readPiece(descriptor, file, 0, stats.size));
    await new Promise<void>((done, fail) => {
      const entry = tar.entry(header, (error) => (error ? fail(error) : done()));
      copyInto(entry, descriptor, file, stats.size).catch((error: unknown) => {
        entry.destroy();
        fail(error);
      });
    });
  } finally {
    closeSync(descriptor);
  }
}

async function copyInto(entry: Writable, descriptor: number, file: string, size: number): Promise<void> {
  for (let offset = 0; offset < size; offset += pieceLength) {
    const piece = readPiece(descriptor, file, offset, Math.min(pieceLength, size - offset));
    if (!entry.write(piece)) await new Promise<void>((resume) => entry.once("drain", resume));
  }
  entry.end();
}

function readPiece(descriptor: number, file: string, offset: number, length: number): Buffer {
  const piece = Buffer.alloc(length);
  for (let filled = 0; filled < length; ) {
    const bytesRead = unlessGone(file, () => readSync(descriptor, piece, filled, length - filled, offset + filled));
    if (bytesRead === undefined || bytesRead === 0) break;
    filled += bytesRead;
  }
  return piece;
}

function addEntry(tar: Pack, header: Headers, data?: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    tar.entry(header, data, (error) => (error ? reject(error) : resolve()));
  });
}

function headerOf({ copy }: Walk, name: string, stats: Stats): Headers {
  const seconds = Math.max(0, Math.floor(stats.mtimeMs / 1000));
  const owner = copy === undefined ? rootOwned : { uid: stats.uid, gid: stats.gid };
  return { ...owner, name, mode: modeOf(stats), mtime: new Date(seconds * 1000) };
}

/** With the bits of its kind, which the library leaves out: a mode of 0 would be none to it. */
const modeOf = ({ mode }: Stats) => mode;

/** What `work` gives for a file; undefined for one that is not there. Throws GantryError for one that cannot be read. */
export function unlessGone<T>(file: string, work: () => T): T | undefined {
  try {
    return work();
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    // A name that is not UTF-8 is not found under the name that node gives it.
    if (code === "ENOENT" && !file.includes("\uFFFD")) return undefined;
    throw new GantryError(`${file} cannot be read (${code ?? cause})`, {
      hint: "make it readable; where it belongs to a build, .dockerignore can leave it out",
      cause,
    });
  }
}
