/** Which files of a tree COPY and ADD mean. Pure. */

import { createHash } from "node:crypto";
import { parseIgnore } from "../ignore.ts";
import { hasWildcards, patternExpression } from "../images/pattern.ts";
import { partsOf, type Tree, type TreeNode } from "./tree.ts";
import { asText } from "./view.ts";

/** One source: a file, or a directory with what is to be copied of what lies below it. */
export interface Selected {
  /** What it is called where it is copied: the last part of its name as it was given; with `--parents` more of it. */
  readonly name: string;
  /** Undefined: the root of the tree. */
  readonly node: TreeNode | undefined;
  readonly isDirectory: boolean;
  readonly tree: Tree;
  /** Its files belong to whom the tree says; else to root. */
  readonly keepOwners: boolean;
  /** Relative to the directory. */
  readonly below: Iterable<Below>;
}

interface Below {
  readonly path: string;
  readonly node: TreeNode;
}

export interface SelectOptions {
  /** Patterns as in `.dockerignore`, for what lies below the directories that are meant. */
  readonly exclude: readonly string[];
  readonly parents: boolean;
  readonly keepOwners: boolean;
}

/** Names are bytes. Undefined where a source without wildcards is not there. */
export function select(
  tree: Tree,
  source: string,
  { exclude, parents, keepOwners }: SelectOptions,
): readonly Selected[] | undefined {
  const rules = exclude.length === 0 ? undefined : parseIgnore(exclude.join("\n"));
  const ignores = (path: string) => rules?.ignores(asText(path)) === true;
  const path = cleaned(partsOf(source));
  const isPattern = hasWildcards(path);
  const found = isPattern ? matching(tree, path) : [path];
  const selected: Selected[] = [];
  for (const one of found) {
    const at = tree.resolve(one);
    const node = at === undefined ? undefined : tree.nodes.get(at);
    if (at === undefined || (at !== "" && node === undefined)) {
      if (isPattern) continue;
      return undefined;
    }
    const base = one.slice(one.lastIndexOf("/") + 1);
    const isDirectory = node === undefined || node.entry.type === "directory";
    const below = isDirectory ? belowOf(tree, at, ignores) : [];
    selected.push({ name: parents ? withParents(source, one) : base, node, isDirectory, below, tree, keepOwners });
  }
  return selected;
}

/** What lies below a directory of a tree, and is not left out. There may be very many: they are made when they are asked for, each time. */
export function belowOf(tree: Tree, directory = "", ignores: (path: string) => boolean = () => false): Iterable<Below> {
  const skip = directory === "" ? 0 : directory.length + 1;
  return {
    *[Symbol.iterator]() {
      for (const node of tree.nodes.below(directory)) {
        const path = node.entry.path.slice(skip);
        if (!ignores(path)) yield { path, node };
      }
    },
  };
}

/** `a/./b/c` keeps `b/c`; without a pivot everything is kept. */
function withParents(source: string, path: string): string {
  const pivot = source.replace(/^\.\//, "").indexOf("/./");
  if (pivot === -1) return path;
  const before = partsOf(source.replace(/^\.\//, "").slice(0, pivot)).length;
  return path.split("/").slice(before).join("/");
}

function cleaned(parts: readonly string[]): string {
  const clean: string[] = [];
  for (const part of parts) {
    if (part === "..") clean.pop();
    else clean.push(part);
  }
  return clean.join("/");
}

function matching(tree: Tree, pattern: string): readonly string[] {
  const expression = patternExpression(pattern);
  return [...tree.nodes.keys()].filter((path) => expression.test(path)).toSorted();
}

/** What is copied, whatever its times are: the same checksum, the same layer. */
export function checksumOf(selected: readonly Selected[]): string {
  const hash = createHash("sha256");
  const add = (path: string, { entry, digest }: TreeNode, keepOwners: boolean) => {
    const xattrs = [...entry.xattrs].toSorted(([a], [b]) => (a < b ? -1 : 1));
    hash.update(
      JSON.stringify([
        path,
        entry.type,
        entry.mode,
        keepOwners ? entry.uid : 0,
        keepOwners ? entry.gid : 0,
        entry.linkPath,
        entry.major,
        entry.minor,
        digest,
        xattrs,
      ]),
    );
  };
  for (const { name, node, isDirectory, below, keepOwners } of selected) {
    hash.update(JSON.stringify([name, isDirectory, keepOwners]));
    if (node !== undefined && !isDirectory) add("", node, keepOwners);
    for (const inner of below) add(inner.path, inner.node, keepOwners);
  }
  return `sha256:${hash.digest("hex")}`;
}
