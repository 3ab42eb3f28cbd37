/** Where a copy goes, by the rules of `docker cp`. Pure. */

import { GantryError, UsageError } from "../errors.ts";

/** One end of a copy: a path here, or in the containers of a service. `-` is standard input or output. */
export interface CopyEnd {
  readonly service: string | undefined;
  readonly path: string;
}

export interface CopyRequest {
  readonly direction: "to" | "from";
  readonly service: string;
  readonly source: string;
  readonly target: string;
}

/** Reads the two arguments of `cp`. Throws UsageError unless exactly one of them names a service. */
export function readCopy(source: string, target: string): CopyRequest {
  const from = readEnd(source);
  const to = readEnd(target);
  const hint = "one of the two is SERVICE:PATH, the other a path here or -";
  if (from.service !== undefined && to.service !== undefined) {
    throw new UsageError("copying between services is not supported", { hint });
  }
  const service = from.service ?? to.service;
  if (service === undefined) throw new UsageError("unknown copy direction", { hint });
  return { direction: from.service === undefined ? "to" : "from", service, source: from.path, target: to.path };
}

/** `web:/etc` is a path of a service; `/a:b`, `./a:b` and `a` are paths here. */
function readEnd(text: string): CopyEnd {
  const colon = text.indexOf(":");
  if (text.startsWith("/") || text.startsWith(".") || colon === -1) return { service: undefined, path: text };
  return { service: text.slice(0, colon), path: text.slice(colon + 1) };
}

export interface CopySource {
  /** As it was written: what it ends with (`/.`, `/`) matters. */
  readonly path: string;
  readonly isDirectory: boolean;
}

export interface CopyTarget {
  readonly path: string;
  /** Absent: there is nothing yet. */
  readonly kind?: "directory" | "file";
}

/** What to unpack, where: `name` is that of the top of the tar, `.` for the contents of a directory. */
export interface CopyPlace {
  readonly directory: string;
  readonly name: string;
}

/**
 * Where a copy goes: into a directory that is there, under its own name, or (source `dir/.`) its contents; else beside the
 * target's name. Throws GantryError where a directory should replace a file, or a file become a directory that is not there.
 * Source: https://docs.docker.com/reference/cli/docker/container/cp/
 */
export function placeOfCopy(source: CopySource, target: CopyTarget): CopyPlace {
  const wantsDirectory = /(^|\/)\.?$/.test(target.path);
  if (target.kind === "directory") {
    return { directory: target.path, name: isContents(source.path) ? "." : lastName(source.path) };
  }
  const beside = { directory: parentOf(target.path), name: lastName(target.path) };
  if (target.kind === "file") {
    if (source.isDirectory) throw new GantryError(`cannot copy a directory onto the file ${target.path}`);
    if (wantsDirectory) throw new GantryError(`${target.path} is not a directory`);
    return beside;
  }
  if (!source.isDirectory && wantsDirectory) throw new GantryError(`there is no directory ${target.path}`);
  return beside;
}

/** Whether a path means what is in a directory, rather than the directory: `dir/.`, `.`. */
export function isContents(path: string): boolean {
  return /(^|\/)\.$/.test(path);
}

/** `a` of `/x/a/`; `/` of `/`. */
export function lastName(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  return parts.at(-1) ?? "/";
}

/** `/x` of `/x/a/`; `.` of `a`. */
export function parentOf(path: string): string {
  const trimmed = path.replace(/\/(\.?\/)*\.?$/, "");
  const slash = trimmed.lastIndexOf("/");
  return slash === -1 ? "." : slash === 0 ? "/" : trimmed.slice(0, slash);
}
