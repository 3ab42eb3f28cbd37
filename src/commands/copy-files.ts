/** The two directions of `gantry cp`, for one container. */

import { lstat, realpath, stat } from "node:fs/promises";
import path from "node:path";
import type { ByteSource, Engine, PathStat } from "../engine/api.ts";
import { packPath } from "../engine/pack-tree.ts";
import { EngineError, GantryError } from "../errors.ts";
import { type CopyTarget, isContents, parentOf, placeOfCopy } from "./copy-place.ts";
import { unpackCopy } from "./unpack-copy.ts";
import { writeTo } from "./write-stream.ts";

export interface CopyOptions {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  /** Follow a symbolic link that is the source. */
  readonly followLink: boolean;
  /** Owners as in the container; to it, those of its user. */
  readonly archive: boolean;
}

/** Go's os.FileMode: which bits tell directories and symbolic links. */
const goDirectory = 0x80000000;
const goLink = 0x08000000;

/** Copies a file or directory of this machine, or the tar at standard input, into a container. */
export async function copyTo(engine: Engine, options: CopyOptions): Promise<void> {
  const { id, source, target, archive } = options;
  const there = await targetInContainer(engine, id, target);
  if (source === "-") {
    if (there.kind !== "directory") throw new GantryError(`${target} is not a directory in the container`);
    await put(engine, id, there.path, process.stdin, archive);
    return;
  }
  const local = options.followLink ? await realpath(source).catch(() => source) : source;
  const found = await lstat(local).catch(() => undefined);
  if (found === undefined) throw new GantryError(`${source}: there is no such file or directory`);
  if (/\/$/.test(source) && !found.isDirectory()) throw new GantryError(`${source} is not a directory`);
  // `.` and `..` have no name of their own; a link that is followed keeps its name.
  const named = /^\.?$|(^|\/)\.\.?$/.test(source) && !source.endsWith("/.") ? path.resolve(source) : source;
  const written = source === "." ? `${named}/.` : named;
  const place = placeOfCopy({ path: written, isDirectory: found.isDirectory() }, there);
  await put(engine, id, place.directory, packPath(path.resolve(local), place.name), archive);
}

/** Copies a file or directory of a container to this machine, or as a tar to standard output. */
export async function copyFrom(engine: Engine, options: CopyOptions): Promise<void> {
  const { id, target, archive } = options;
  const source = options.followLink ? await followed(engine, id, options.source) : options.source;
  const { stat: found, tar } = await engine.containerArchiveGet({ id, path: source });
  if (target === "-") return writeTo(process.stdout, tar);
  const local = await targetHere(target);
  const place = placeOfCopy({ path: options.source, isDirectory: isDirectory(found) }, local);
  const contents = isContents(options.source);
  if ((await stat(place.directory).catch(() => undefined))?.isDirectory() !== true) {
    throw new GantryError(`there is no directory ${place.directory}`);
  }
  const owners = archive && process.getuid?.() === 0;
  const warn = (text: string) => process.stderr.write(`warning: ${text}\n`);
  await unpackCopy(tar, { ...place, contents, owners, warn });
}

async function put(engine: Engine, id: string, at: string, stream: ByteSource, copyUIDGID: boolean): Promise<void> {
  await engine.containerArchivePut({
    id,
    path: at === "." ? "/" : at,
    noOverwriteDirNonDir: true,
    ...(copyUIDGID && { copyUIDGID }),
    stream,
  });
}

/** What is at the target, behind a symbolic link. */
async function targetInContainer(engine: Engine, id: string, target: string): Promise<CopyTarget> {
  const first = await statOf(engine, id, target);
  if (first === undefined) return { path: target };
  const isLink = (first.mode & goLink) !== 0;
  const behind = isLink ? resolveLink(target, first.linkTarget) : target;
  const found = isLink ? await statOf(engine, id, behind) : first;
  if (found === undefined) return { path: behind };
  return { path: behind, kind: isDirectory(found) ? "directory" : "file" };
}

async function targetHere(target: string): Promise<CopyTarget> {
  const found = await stat(target).catch(() => undefined);
  if (found === undefined) return { path: target };
  if (!found.isDirectory() && !found.isFile()) {
    throw new GantryError(`${target} is neither a directory nor a regular file`);
  }
  return { path: target, kind: found.isDirectory() ? "directory" : "file" };
}

/** The path in the container that a symbolic link stands for. */
async function followed(engine: Engine, id: string, source: string): Promise<string> {
  const found = await statOf(engine, id, source);
  return found === undefined || (found.mode & goLink) === 0 ? source : resolveLink(source, found.linkTarget);
}

function resolveLink(link: string, target: string): string {
  return target.startsWith("/") ? target : path.posix.join(parentOf(link), target);
}

async function statOf(engine: Engine, id: string, at: string): Promise<PathStat | undefined> {
  try {
    return await engine.containerArchiveStat({ id, path: at });
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return undefined;
    throw error;
  }
}

function isDirectory({ mode }: PathStat): boolean {
  return Math.floor(mode / goDirectory) % 2 === 1;
}

/** What a copy is called on the screen. */
export function copyText(container: string, { source, target }: CopyOptions, direction: "to" | "from"): string {
  return direction === "to" ? `${source} to ${container}:${target}` : `${container}:${source} to ${target}`;
}
