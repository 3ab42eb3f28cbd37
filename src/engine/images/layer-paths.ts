/**
 * Where the members of a layer come to lie. A layer is unpacked into a directory of its own that begins empty, so what an
 * archive has listed so far tells all there is: every name is resolved against that, never against the disk, and what is
 * handed on has neither `..` nor a symbolic link in it.
 */

import { TarError } from "./tar/entry.ts";

/** Directories and symbolic links as listed so far; files are not kept: nothing can be below them. */
type Node = Folder | string;
type Folder = Map<string, Node>;

export interface LayerPaths {
  /**
   * The canonical path of a member: links in its parents are followed as if the layer's directory were the root of the
   * file system, its last part is left as it is. "" is the root itself.
   */
  resolve(path: string): string;
  /** What is known to lie at a canonical path. */
  at(path: string): "directory" | "symlink" | undefined;
  /** Where the symbolic link at a canonical path points. */
  target(path: string): string | undefined;
  addDirectory(path: string): void;
  addSymlink(path: string, target: string): void;
  /** Something else lies there now. */
  forget(path: string): void;
}

/** Linux's own limits: bytes of a path, links followed for one path. */
const longestPath = 4095;
const mostLinks = 40;

/** Throws TarError, from `resolve`, for names that no file can have, too long ones, and links in circles. */
export function trackPaths(): LayerPaths {
  const root: Folder = new Map();

  const find = (path: string): Node | undefined => {
    let node: Node | undefined = root;
    for (const part of partsOf(path)) node = typeof node === "object" ? node.get(part) : undefined;
    return node;
  };
  /** The folder that a canonical path's last part is in; made where it was only implied. */
  const parentOf = (path: string): { readonly folder: Folder; readonly name: string } => {
    const parts = partsOf(path);
    const name = parts.pop() ?? "";
    let folder = root;
    for (const part of parts) {
      const next = folder.get(part);
      const inner: Folder = typeof next === "object" ? next : new Map();
      if (next !== inner) folder.set(part, inner);
      folder = inner;
    }
    return { folder, name };
  };

  return {
    resolve: (path) => {
      refuseUnnameable(path);
      const pending = partsOf(path).reverse();
      const names: string[] = [];
      /** The folders that lead to the part at hand; undefined from the first one that is only implied. */
      const folders: (Folder | undefined)[] = [root];
      let links = 0;
      for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
        if (part === "..") {
          if (names.pop() !== undefined) folders.pop();
          continue;
        }
        const node = pending.length === 0 ? undefined : folders.at(-1)?.get(part);
        if (typeof node !== "string") {
          names.push(part);
          folders.push(node);
          continue;
        }
        if (++links > mostLinks) throw new TarError(`"${path}" leads through more than ${mostLinks} symbolic links`);
        if (node.startsWith("/")) names.length = 0;
        folders.length = names.length + 1;
        pending.push(...partsOf(node).reverse());
      }
      const canonical = names.join("/");
      refuseUnnameable(canonical);
      return canonical;
    },
    at: (path) => {
      const node = find(path);
      if (node === undefined) return undefined;
      return typeof node === "string" ? "symlink" : "directory";
    },
    target: (path) => {
      const node = find(path);
      return typeof node === "string" ? node : undefined;
    },
    addDirectory: (path) => {
      if (path === "") return;
      const { folder, name } = parentOf(path);
      if (typeof folder.get(name) !== "object") folder.set(name, new Map());
    },
    addSymlink: (path, target) => {
      const { folder, name } = parentOf(path);
      folder.set(name, target);
    },
    forget: (path) => {
      const { folder, name } = parentOf(path);
      folder.delete(name);
    },
  };
}

function refuseUnnameable(path: string): void {
  if (path.length > longestPath) {
    throw new TarError(`a name is longer than ${longestPath} bytes: "${path.slice(0, 60)}…"`);
  }
  if (path.includes("\0")) throw new TarError("a name has a NUL byte in it");
}

/** The parts of a path that say something. */
function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}
