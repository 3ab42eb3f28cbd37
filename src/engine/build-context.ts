/** Build contexts and files for containers, as tars. Reads the local file system. */

import { createHash } from "node:crypto";
import type { Stats } from "node:fs";
import { type FileHandle, lstat, open, readdir, readFile, readlink, stat } from "node:fs/promises";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import type { Headers, Pack } from "tar-stream";
import { GantryError } from "../errors.ts";
import { type IgnoreRules, parseIgnore } from "./ignore.ts";

export interface ContextSource {
  /** An absolute directory. */
  readonly context: string;
  /** Relative to the context, or absolute; absent: `Dockerfile`. */
  readonly dockerfile?: string;
  /** The Dockerfile's text itself. */
  readonly dockerfileInline?: string;
}

export interface PackedContext {
  /** What to give the engine as `dockerfile`: its path in the tar. */
  readonly dockerfile: string;
  /** The tar; the files are read while it is iterated. Can be iterated once. */
  readonly stream: AsyncIterable<Uint8Array>;
}

/** A file to write into a container. */
export interface FileToPack {
  /** Absolute path in the container. */
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly uid: number;
  readonly gid: number;
  /** Permission bits. */
  readonly mode: number;
}

/** A file that stands in the tar but not on the disk. */
interface ExtraFile {
  readonly name: string;
  readonly content: string;
}

const pieceLength = 256 * 1024;

/**
 * Packs a local build context: a tar of the directory without what `<Dockerfile>.dockerignore`, else `.dockerignore`,
 * names; owned by root, in the order of the names, symbolic links and modes kept. A Dockerfile that is inline or lies
 * outside of the context is added under a name made from its content, and kept out of `COPY .`. Rejects with GantryError
 * when the directory or the Dockerfile does not exist; the stream does, when a file cannot be read.
 */
export async function packContext(source: ContextSource): Promise<PackedContext> {
  const context = resolve(source.context);
  if (!(await isDirectory(context))) throw new GantryError(`the build context ${context} is not a directory`);
  const { dockerfile, text, ignoreFile } = await findDockerfile(context, source);
  const ignoreText = (ignoreFile && (await readText(ignoreFile))) ?? (await readText(join(context, ".dockerignore")));
  const rules = parseIgnore(ignoreText ?? "");
  if (text === undefined) return { dockerfile, stream: packTree(context, rules, [dockerfile, ".dockerignore"], []) };
  // The engine deletes what its own reading of .dockerignore names, once it has read the Dockerfile.
  const own = (await readText(join(context, ".dockerignore"))) ?? ".dockerignore";
  const extras = [
    { name: ".dockerignore", content: `${own}\n${dockerfile}\n` },
    { name: dockerfile, content: text },
  ];
  return { dockerfile, stream: packTree(context, rules, [], extras) };
}

/** A tar that makes these files when it is unpacked at `/`. Missing directories are left to the engine. */
export async function* packFiles(files: readonly FileToPack[]): AsyncGenerator<Uint8Array, void, undefined> {
  const { pack: newPack } = await import("tar-stream");
  const tar = newPack();
  const mtime = new Date();
  for (const { path, content, uid, gid, mode } of files) {
    const data =
      typeof content === "string"
        ? Buffer.from(content)
        : Buffer.from(content.buffer, content.byteOffset, content.byteLength);
    tar.entry({ name: path.replace(/^\/+/, ""), uid, gid, mode: mode & 0o7777, mtime, type: "file" }, data);
  }
  tar.finalize();
  yield* tar;
}

interface FoundDockerfile {
  readonly dockerfile: string;
  /** Where it is not a file of the context. */
  readonly text?: string;
  readonly ignoreFile?: string;
}

async function findDockerfile(context: string, source: ContextSource): Promise<FoundDockerfile> {
  if (source.dockerfileInline !== undefined) return named(source.dockerfileInline);
  const path = resolve(context, source.dockerfile ?? (await defaultDockerfile(context)));
  const inside = relative(context, path);
  const outside = inside === ".." || inside.startsWith(`..${sep}`) || isAbsolute(inside);
  const ignoreFile = `${path}.dockerignore`;
  if (!outside) {
    if (await isFile(path)) return { dockerfile: inside.split(sep).join("/"), ignoreFile };
  } else {
    const text = await readText(path);
    if (text !== undefined) return { ...named(text), ignoreFile };
  }
  throw new GantryError(`there is no Dockerfile at ${path}`);
}

/** The name is made from the content, so that the engine's build cache sees the same name for the same file. */
function named(text: string): FoundDockerfile & { text: string } {
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 20);
  return { dockerfile: `.dockerfile.${digest}`, text };
}

async function defaultDockerfile(context: string): Promise<string> {
  const usual = "Dockerfile";
  return !(await isFile(join(context, usual))) && (await isFile(join(context, "dockerfile"))) ? "dockerfile" : usual;
}

async function* packTree(
  context: string,
  rules: IgnoreRules,
  always: readonly string[],
  extras: readonly ExtraFile[],
): AsyncGenerator<Uint8Array, void, undefined> {
  const { pack: newPack } = await import("tar-stream");
  const tar = newPack();
  const fill = async () => {
    const skip = new Set(extras.map(({ name }) => name));
    await addDirectory(tar, { context, rules, always: new Set(always), skip }, "", []);
    for (const { name, content } of extras) {
      await addEntry(tar, { ...rootOwned, name, mode: 0o644, mtime: new Date(0), type: "file" }, Buffer.from(content));
    }
    tar.finalize();
  };
  // Errors end the tar, and so reach whoever reads it.
  fill().catch((error: unknown) => tar.destroy(error instanceof Error ? error : new Error(String(error))));
  yield* tar;
}

const rootOwned = { uid: 0, gid: 0 };

interface Walk {
  readonly context: string;
  readonly rules: IgnoreRules;
  /** Paths that are sent even when they are ignored: the engine needs them, and removes them itself. */
  readonly always: ReadonlySet<string>;
  readonly skip: ReadonlySet<string>;
}

/** A directory that is ignored, but may hold something that is not: its entry is written before its first such child. */
type Held = () => Promise<void>;

async function addDirectory(tar: Pack, walk: Walk, directory: string, held: readonly Held[]): Promise<void> {
  const names = (await readdir(join(walk.context, directory))).sort();
  for (const name of names) {
    const path = directory === "" ? name : `${directory}/${name}`;
    if (walk.skip.has(path)) continue;
    const file = join(walk.context, path);
    const stats = await statOf(file);
    if (stats === undefined) continue;
    const ignored = !walk.always.has(path) && walk.rules.ignores(path);
    if (stats.isDirectory()) {
      const write = once(() => addEntry(tar, { ...headerOf(path, stats), type: "directory" }));
      if (!ignored) await release(held, write);
      const inner = [...walk.always].some((wanted) => wanted.startsWith(`${path}/`));
      if (!ignored || inner || walk.rules.mayHoldExceptions(path)) {
        await addDirectory(tar, walk, path, ignored ? [...held, write] : []);
      }
    } else if (!ignored) {
      await release(held);
      await addLeaf(tar, path, file, stats);
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

async function addLeaf(tar: Pack, path: string, file: string, stats: Stats): Promise<void> {
  if (stats.isFile()) return addFile(tar, path, file);
  if (stats.isSymbolicLink()) {
    return addEntry(tar, { ...headerOf(path, stats), type: "symlink", linkname: await readlink(file) });
  }
  if (stats.isFIFO()) return addEntry(tar, { ...headerOf(path, stats), type: "fifo" });
  // Sockets have no meaning outside of their host; docker leaves them out too.
  if (stats.isSocket()) return;
  throw new GantryError(`the build context holds a device file, ${file}`, { hint: "name it in .dockerignore" });
}

/** The size in the header is the one at the time of opening: what is added later is cut off, what is missing is zeros. */
async function addFile(tar: Pack, path: string, file: string): Promise<void> {
  const handle = await openFile(file);
  if (handle === undefined) return;
  try {
    const stats = await handle.stat();
    const header: Headers = { ...headerOf(path, stats), type: "file", size: stats.size };
    if (stats.size <= pieceLength) return await addEntry(tar, header, await readPiece(handle, 0, stats.size));
    await new Promise<void>((done, fail) => {
      const entry = tar.entry(header, (error) => (error ? fail(error) : done()));
      copyInto(handle, stats.size, entry).catch((error: unknown) => {
        entry.destroy();
        fail(error);
      });
    });
  } finally {
    await handle.close();
  }
}

async function copyInto(handle: FileHandle, size: number, entry: ReturnType<Pack["entry"]>): Promise<void> {
  for (let offset = 0; offset < size; offset += pieceLength) {
    const piece = await readPiece(handle, offset, Math.min(pieceLength, size - offset));
    if (!entry.write(piece)) await new Promise<void>((resume) => entry.once("drain", resume));
  }
  entry.end();
}

async function readPiece(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const piece = Buffer.alloc(length);
  for (let filled = 0; filled < length; ) {
    const { bytesRead } = await handle.read(piece, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return piece;
}

function addEntry(tar: Pack, header: Headers, data?: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    tar.entry(header, data, (error) => (error ? reject(error) : resolve()));
  });
}

function headerOf(name: string, stats: Stats): Headers {
  const seconds = Math.max(0, Math.floor(stats.mtimeMs / 1000));
  return { ...rootOwned, name, mode: stats.mode & 0o7777, mtime: new Date(seconds * 1000) };
}

/** Undefined for what vanished meanwhile. */
async function statOf(file: string): Promise<Stats | undefined> {
  return unlessGone(file, () => lstat(file));
}

function openFile(file: string): Promise<FileHandle | undefined> {
  return unlessGone(file, () => open(file, "r"));
}

async function unlessGone<T>(file: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    // A name that is not UTF-8 is not found under the name that node gives it.
    if (code === "ENOENT" && !file.includes("\uFFFD")) return undefined;
    throw new GantryError(`the build context cannot be read: ${file} (${code ?? cause})`, {
      hint: "name the file in .dockerignore, or make it readable",
      cause,
    });
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
}

/** The text of a file, or undefined where there is none. */
async function readText(path: string): Promise<string | undefined> {
  return unlessGone(path, () => readFile(path, "utf8"));
}
