/** Which files of a directory are wanted, where only some paths are: these, what is below them, and where links lead. */

import { lstatSync, readdirSync, readlinkSync } from "node:fs";
import { dirname, join, matchesGlob, normalize } from "node:path";

/** `inside`: a directory on the way to what is wanted. Paths are relative, with `/` between their parts. */
export type Wanted = (path: string) => "whole" | "inside" | "nothing";

/**
 * @param paths may hold patterns in each of their parts; what leads out of the root is held to it
 * Source: tonistiigi/fsutil, followlinks.go.
 */
export function followPaths(root: string, paths: readonly string[]): Wanted {
  const wanted = new Set<string>();
  const pending = paths.map(inRoot);
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (wanted.has(path)) continue;
    wanted.add(path);
    if (path === "") return () => "whole";
    pending.push(...linksOn(root, path));
  }
  const ways = new Set([...wanted].flatMap(parentsOf));
  return (path) =>
    [path, ...parentsOf(path)].some((one) => wanted.has(one)) ? "whole" : ways.has(path) ? "inside" : "nothing";
}

/** The paths that are meant where a part is a pattern or a link. */
function linksOn(root: string, path: string): readonly string[] {
  const parts = path.split("/");
  for (const [index, part] of parts.entries()) {
    const before = parts.slice(0, index).join("/");
    const after = parts.slice(index + 1);
    if (/[*?[\\]/.test(part)) {
      const names = namesIn(join(root, before)).filter((name) => name === part || matchesGlob(name, part));
      return names.filter((name) => name !== part).map((name) => inRoot([before, name, ...after].join("/")));
    }
    const target = linkAt(join(root, before, part));
    if (target === undefined) continue;
    const real = target.startsWith("/") ? target : join(before, target);
    return [inRoot([before, part].join("/")), inRoot([real, ...after].join("/"))];
  }
  return [];
}

const inRoot = (path: string): string => normalize(`/${path}`).replace(/^\/+|\/+$/g, "");

function parentsOf(path: string): readonly string[] {
  const parents: string[] = [];
  for (let parent = dirname(path); parent !== "."; parent = dirname(parent)) parents.push(parent);
  return parents;
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    // What is not there is found missing by whoever asked for it.
    return [];
  }
}

function linkAt(file: string): string | undefined {
  return lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true ? readlinkSync(file) : undefined;
}
