/** Build contexts and files for containers, as tars. Reads the local file system. */

import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { GantryError } from "../errors.ts";
import { parseIgnore } from "./ignore.ts";
import { packTree, unlessGone } from "./pack-tree.ts";

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

/**
 * Packs a local build context: a tar of the directory without what `<Dockerfile>.dockerignore`, else `.dockerignore`,
 * names; owned by root, in the order of the names, symbolic links and modes kept. A Dockerfile that is inline or lies
 * outside of the context is added under a name made from its content, and kept out of `COPY .`. Rejects with GantryError
 * when the directory or the Dockerfile does not exist; the stream does, when a file cannot be read.
 */
export async function packContext(source: ContextSource): Promise<PackedContext> {
  const context = resolve(source.context);
  if (!isDirectory(context)) throw new GantryError(`the build context ${context} is not a directory`);
  const { dockerfile, text, ignoreFile } = findDockerfile(context, source);
  const ignoreText = (ignoreFile && readText(ignoreFile)) ?? readText(join(context, ".dockerignore"));
  const rules = parseIgnore(ignoreText ?? "");
  if (text === undefined)
    return { dockerfile, stream: packTree(context, rules, { always: [dockerfile, ".dockerignore"] }) };
  // The engine deletes what its own reading of .dockerignore names, once it has read the Dockerfile.
  const own = readText(join(context, ".dockerignore")) ?? ".dockerignore";
  const extras = [
    { name: ".dockerignore", content: `${own}\n${dockerfile}\n` },
    { name: dockerfile, content: text },
  ];
  return { dockerfile, stream: packTree(context, rules, { extras }) };
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

function findDockerfile(context: string, source: ContextSource): FoundDockerfile {
  if (source.dockerfileInline !== undefined) return named(source.dockerfileInline);
  const path = resolve(context, source.dockerfile ?? defaultDockerfile(context));
  const inside = relative(context, path);
  const outside = inside === ".." || inside.startsWith(`..${sep}`) || isAbsolute(inside);
  const ignoreFile = `${path}.dockerignore`;
  if (!outside) {
    if (isFile(path)) return { dockerfile: inside.split(sep).join("/"), ignoreFile };
  } else {
    const text = readText(path);
    if (text !== undefined) return { ...named(text), ignoreFile };
  }
  throw new GantryError(`there is no Dockerfile at ${path}`);
}

/** The name is made from the content, so that the engine's build cache sees the same name for the same file. */
function named(text: string): FoundDockerfile & { text: string } {
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 20);
  return { dockerfile: `.dockerfile.${digest}`, text };
}

function defaultDockerfile(context: string): string {
  const usual = "Dockerfile";
  return !isFile(join(context, usual)) && isFile(join(context, "dockerfile")) ? "dockerfile" : usual;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** The text of a file, or undefined where there is none. */
function readText(path: string): string | undefined {
  return unlessGone(path, () => readFileSync(path, "utf8"));
}
