/**
 * Where copied files come to lie, and as whose: the members of the layer that COPY or ADD makes. Pure but for looking at the
 * stage's files. Source: https://docs.docker.com/reference/dockerfile/#copy, "Destination".
 */

import type { Stats } from "node:fs";
import type { TarEntry } from "../images/tar/entry.ts";
import { overlayEntry } from "../images/to-overlay.ts";
import type { ChangeMode } from "./mode.ts";
import type { Owner } from "./owner.ts";
import type { Selected } from "./select.ts";
import type { Tree, TreeNode } from "./tree.ts";
import { asText, type View } from "./view.ts";

export interface Placed {
  /** With its path in the layer. */
  readonly entry: TarEntry;
  /** Whose content it has, and where that is. */
  readonly node?: TreeNode;
  readonly tree?: Tree;
}

export interface Placing {
  /** Absolute; a slash at its end says that it is a directory. Bytes. */
  readonly destination: string;
  /** Several sources, or a pattern: the destination must be a directory. */
  readonly several: boolean;
  readonly owner?: Owner;
  readonly changeMode?: ChangeMode;
  /** Of directories that have to be made. */
  readonly newDirectoryMode?: number;
  /** Seconds of Unix time, for directories that have to be made. */
  readonly now: string;
}

/** Throws RangeError where a directory would have to take a file's place. */
export function place(selected: readonly Selected[], view: View, placing: Placing): readonly Placed[] {
  const { owner, changeMode, newDirectoryMode = 0o755, now } = placing;
  const placed = new Map<string, Placed>();
  const isDirectory = (path: string) =>
    placed.get(path)?.entry.type === "directory" || view.look(path)?.isDirectory() === true;

  /** What is in the stage already is listed as it is there: a layer's directories count more than those below. */
  const makeDirectory = (path: string) => {
    const parts = path === "" ? [] : path.split("/");
    for (let length = 1; length <= parts.length; length++) {
      const here = parts.slice(0, length).join("/");
      if (placed.has(here)) continue;
      const there = view.look(here);
      if (there !== undefined && !there.isDirectory())
        throw new RangeError(`cannot copy to non-directory: /${asText(here)}`);
      const made = {
        mode: newDirectoryMode,
        uid: owner?.uid ?? 0,
        gid: owner?.gid ?? 0,
        mtime: now,
      };
      placed.set(here, { entry: overlayEntry(`${here}/`, there === undefined ? made : asListed(there)) });
    }
  };

  const put = (path: string, node: TreeNode, { tree, keepOwners }: Selected) => {
    const { entry } = node;
    if (entry.type === "directory") {
      const there = view.look(path);
      if (there !== undefined && !there.isDirectory())
        throw new RangeError(`cannot copy to non-directory: /${asText(path)}`);
    } else if (isDirectory(path)) throw new RangeError(`cannot replace the directory /${asText(path)} with a file`);
    makeDirectory(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
    const isLink = entry.type === "symlink";
    placed.set(path, {
      node,
      tree,
      entry: {
        ...entry,
        path: entry.type === "directory" ? `${path}/` : path,
        ...(!keepOwners && { uid: 0, gid: 0 }),
        ...owner,
        ...(changeMode !== undefined && !isLink && { mode: changeMode(entry.mode, entry.type === "directory") }),
      },
    });
  };

  const toDirectory = placing.several || placing.destination.endsWith("/") || placing.destination.endsWith("/.");
  const destination = view.resolve(placing.destination);
  for (const one of selected) {
    const { name, node, isDirectory: isTree, below } = one;
    if (isTree) {
      const base = name.includes("/") ? join(destination, name) : destination;
      makeDirectory(base);
      for (const inner of below) put(join(base, inner.path), inner.node, one);
    } else if (node !== undefined) {
      const into = toDirectory || isDirectory(destination);
      const target = into ? join(destination, name) : destination;
      if (into) makeDirectory(target.slice(0, Math.max(0, target.lastIndexOf("/"))));
      put(target, node, one);
    }
  }
  return [...placed.values()];
}

const join = (folder: string, name: string) => (folder === "" ? name : `${folder}/${name}`);

export function asListed({ mode, uid, gid, mtimeMs }: Stats): Partial<TarEntry> {
  return { mode: mode & 0o7777, uid, gid, mtime: (mtimeMs / 1000).toFixed(3) };
}
