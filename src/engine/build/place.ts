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

/** What is placed, in the order of the layer: may be passed several times. */
export interface Placement extends Iterable<Placed> {
  readonly size: number;
}

/** More than these are made anew each time that they are passed. */
const mostHeld = 50_000;

/** Throws RangeError where a directory would have to take a file's place. */
export function place(selected: readonly Selected[], view: View, placing: Placing): Placement {
  const once = () =>
    selected.length > 1 ? lastOfEach(placements(selected, view, placing)) : placements(selected, view, placing);
  const held: Placed[] = [];
  let size = 0;
  for (const placed of once()) if (size++ < mostHeld) held.push(placed);
  return { size, [Symbol.iterator]: () => (size <= mostHeld ? held : once())[Symbol.iterator]() };
}

/** Of several sources one may replace what another one has placed. */
function lastOfEach(placements: Iterable<Placed>): Iterable<Placed> {
  const placed = new Map<string, Placed>();
  for (const one of placements) placed.set(one.entry.path.replace(/\/$/, ""), one);
  return placed.values();
}

function* placements(selected: readonly Selected[], view: View, placing: Placing): Generator<Placed, void, undefined> {
  const { owner, changeMode, newDirectoryMode = 0o755, now } = placing;
  const { look, note, isPlaced, isDirectory } = remember(view, selected.length > 1);

  /** What is in the stage already is listed as it is there: a layer's directories count more than those below. */
  function* makeDirectory(path: string): Generator<Placed, void, undefined> {
    for (let end = path.indexOf("/"); path !== ""; end = path.indexOf("/", end + 1)) {
      const here = end === -1 ? path : path.slice(0, end);
      if (!isPlaced(here)) {
        const there = look(here);
        if (there !== undefined && !there.isDirectory())
          throw new RangeError(`cannot copy to non-directory: /${asText(here)}`);
        const made = {
          mode: newDirectoryMode,
          uid: owner?.uid ?? 0,
          gid: owner?.gid ?? 0,
          mtime: now,
        };
        note(here, true);
        yield { entry: overlayEntry(`${here}/`, there === undefined ? made : asListed(there)) };
      }
      if (end === -1) return;
    }
  }

  function* put(path: string, node: TreeNode, { tree, keepOwners }: Selected): Generator<Placed, void, undefined> {
    const { entry } = node;
    const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    if (entry.type === "directory") {
      const there = look(path);
      if (there !== undefined && !there.isDirectory())
        throw new RangeError(`cannot copy to non-directory: /${asText(path)}`);
    } else if (isDirectory(path)) throw new RangeError(`cannot replace the directory /${asText(path)} with a file`);
    if (!isPlaced(folder)) yield* makeDirectory(folder);
    const isLink = entry.type === "symlink";
    note(path, entry.type === "directory");
    yield {
      node,
      tree,
      entry: {
        ...entry,
        path: entry.type === "directory" ? `${path}/` : path,
        ...(!keepOwners && { uid: 0, gid: 0 }),
        ...owner,
        ...(changeMode !== undefined && !isLink && { mode: changeMode(entry.mode, entry.type === "directory") }),
      },
    };
  }

  const toDirectory = placing.several || placing.destination.endsWith("/") || placing.destination.endsWith("/.");
  const destination = view.resolve(placing.destination);
  for (const one of selected) {
    const { name, node, isDirectory: isTree, below } = one;
    if (isTree) {
      const base = name.includes("/") ? join(destination, name) : destination;
      yield* makeDirectory(base);
      for (const inner of below) yield* put(join(base, inner.path), inner.node, one);
    } else if (node !== undefined) {
      const into = toDirectory || isDirectory(destination);
      const target = into ? join(destination, name) : destination;
      if (into) yield* makeDirectory(target.slice(0, Math.max(0, target.lastIndexOf("/"))));
      yield* put(target, node, one);
    }
  }
}

/**
 * What is placed so far, as far as it matters, and what is in the stage: below a directory that it does not have there is nothing to
 * be looked for. Of one source no file is met again.
 */
function remember(view: View, several: boolean) {
  const placed = new Map<string, boolean>();
  const there = new Map<string, boolean>([["", true]]);
  const isThere = (folder: string): boolean => {
    const known = there.get(folder);
    if (known !== undefined) return known;
    const found = look(folder) !== undefined;
    there.set(folder, found);
    return found;
  };
  const look = (path: string): Stats | undefined =>
    path === "" || isThere(path.slice(0, Math.max(0, path.lastIndexOf("/")))) ? view.look(path) : undefined;
  return {
    look,
    note: (path: string, isDirectory: boolean) => {
      if (isDirectory || several) placed.set(path, isDirectory);
    },
    isPlaced: (path: string) => placed.has(path),
    isDirectory: (path: string) => placed.get(path) === true || look(path)?.isDirectory() === true,
  };
}

const join = (folder: string, name: string) => (folder === "" ? name : `${folder}/${name}`);

export function asListed({ mode, uid, gid, mtimeMs }: Stats): Partial<TarEntry> {
  return { mode: mode & 0o7777, uid, gid, mtime: (mtimeMs / 1000).toFixed(3) };
}
