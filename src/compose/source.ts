import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { Diagnostic, Source } from "../errors.ts";
import { problem } from "./codes.ts";
import { suggestion } from "./nearest.ts";

/** In bytes. */
const largestFile = 4 * 2 ** 20;

/** A file that was read, or what is wrong with it. */
export type ReadSource =
  | { readonly source: Source; readonly problem?: never }
  | { readonly problem: Diagnostic; readonly source?: never };

/**
 * Reads a file of the project as UTF-8 text (a byte order mark is kept: the parsers know it). At once: a small file comes
 * sooner than a thread that reads it.
 */
export async function readSource(path: string): Promise<ReadSource> {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    return { problem: problem("missing-file", readFailure(path, error), undefined, nearestFile(path)) };
  }
  return decodeSource(path, bytes);
}

/** Text of a file's bytes: valid UTF-8 without NUL, of a size that a person could have written. */
export function decodeSource(path: string, bytes: Uint8Array): ReadSource {
  if (bytes.length > largestFile) {
    const message = `${path} is larger than ${largestFile / 2 ** 20} MiB`;
    return { problem: problem("too-large", message, undefined, "keep large data in files of its own") };
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { problem: problem("invalid-text", `${path} is not valid UTF-8`, undefined, "save the file as UTF-8") };
  }
  const nul = text.indexOf("\0");
  if (nul === -1) return { source: { path, text } };
  const span = { source: { path, text: text.slice(0, nul) }, start: nul, end: nul };
  return { problem: problem("invalid-text", "the file holds a NUL byte", span, "a compose file is text") };
}

/** Which file of the directory was most likely meant, or the nearest directory that is there. */
export function nearestFile(path: string): string | undefined {
  const directory = dirname(path);
  try {
    return suggestion(basename(path), readdirSync(directory));
  } catch {
    return directory === path ? undefined : `there is no directory ${directory}`;
  }
}

/** One sentence about why a file could not be read. */
export function readFailure(path: string, error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT" || code === "ENOTDIR") return `open ${path}: no such file or directory`;
  if (code === "EISDIR") return `${path} is a directory, not a file`;
  if (code === "EACCES" || code === "EPERM") return `open ${path}: permission denied`;
  return `open ${path}: ${error instanceof Error ? error.message : String(error)}`;
}
