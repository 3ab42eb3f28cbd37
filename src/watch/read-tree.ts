/**
 * What lies in watched folders, looked at on the disk. Reads synchronously: a look at a file takes microseconds, and the
 * files change meanwhile as they like in any case.
 */

import { lstatSync, readdirSync, type Stats } from "node:fs";
import path from "node:path";
import type { WatchWarning } from "./event.ts";
import type { Rule } from "./rules.ts";
import { below, type Change, isUnchanged, type Kind, type Node } from "./tree.ts";

export interface Tree {
  /** What is known of a path. */
  find(path: string): Node | undefined;
  /** Looks at paths again, at directories of `whole` with all that is in them; tells what changed. */
  look(paths: Iterable<string>, whole?: ReadonlySet<string>): readonly Change[];
  /** Looks at everything again. */
  lookAtAll(): readonly Change[];
}

/** The folders that hold everything the rules are about; none lies in another. */
export function rootsOf(rules: readonly Rule[]): readonly string[] {
  const folders = [...new Set(rules.map((rule) => (rule.isFile ? path.dirname(rule.path) : rule.path)))];
  return folders.filter((folder) => !folders.some((other) => other !== folder && below(other, folder) !== undefined));
}

/** Whether a directory is, or leads to, or may hold what a rule is about. */
export function leadsToRules(directory: string, rules: readonly Rule[]): boolean {
  return rules.some((rule) => {
    if (below(directory, rule.path) !== undefined) return true;
    return below(rule.path, directory) !== undefined && rule.filter.mayHold(directory);
  });
}

/**
 * Takes a first look at everything the rules are about.
 *
 * @param warn told of what cannot be read
 */
export function readTree(rules: readonly Rule[], warn: (warning: WatchWarning) => void): Tree {
  const roots = new Map<string, Node>();
  const folders = rootsOf(rules);

  const isWanted = (file: string, kind: Kind) =>
    kind === "directory" ? leadsToRules(file, rules) : rules.some(({ filter }) => filter.takes(file));

  const stat = (file: string): Node | undefined => {
    let stats: Stats | undefined;
    try {
      stats = lstatSync(file, { throwIfNoEntry: false });
    } catch (error) {
      if (!isGone(error)) warn(unreadable(file, error));
    }
    const kind = stats === undefined ? undefined : kindOf(stats);
    if (stats === undefined || kind === undefined || !isWanted(file, kind)) return undefined;
    const { ino, size, mode, mtimeMs: mtime, ctimeMs: ctime, birthtimeMs: birth } = stats;
    return { kind, ino, size, mode, mtime, ctime, birth, seen: Date.now(), children: new Map() };
  };

  const namesIn = (directory: string): readonly string[] => {
    try {
      return readdirSync(directory).sort();
    } catch (error) {
      if (!isGone(error)) warn(unreadable(directory, error));
      return [];
    }
  };

  const fill = (directory: string, node: Node, told: (file: string, node: Node) => void) => {
    if (node.kind !== "directory") return;
    for (const name of namesIn(directory)) {
      const file = path.join(directory, name);
      const child = stat(file);
      if (child === undefined) continue;
      node.children.set(name, child);
      told(file, child);
      fill(file, child, told);
    }
  };

  const rootOf = (file: string) => folders.find((folder) => below(folder, file) !== undefined);

  const find = (file: string): Node | undefined => {
    const root = rootOf(file);
    if (root === undefined) return undefined;
    let node = roots.get(root);
    for (const part of file === root ? [] : (below(root, file) ?? "").split("/")) node = node?.children.get(part);
    return node;
  };

  const siblingsOf = (file: string): Map<string, Node> | undefined =>
    roots.has(file) || folders.includes(file) ? undefined : find(path.dirname(file))?.children;

  const store = (file: string, node: Node | undefined) => {
    if (folders.includes(file)) node === undefined ? roots.delete(file) : roots.set(file, node);
    else if (node === undefined) siblingsOf(file)?.delete(path.basename(file));
    else siblingsOf(file)?.set(path.basename(file), node);
  };

  /** Looks at one path; `deep`: also at everything in it that is known already. */
  const check = (file: string, deep: boolean, changes: Change[]): void => {
    if (rootOf(file) === undefined) return;
    const known = find(file);
    const now = stat(file);
    if (now !== undefined && known === undefined && !folders.includes(file) && siblingsOf(file) === undefined) {
      // Its folder is new as well.
      check(path.dirname(file), deep, changes);
      return;
    }
    if (known !== undefined && (now === undefined || now.kind !== known.kind)) {
      store(file, undefined);
      changes.push({ op: "delete", path: file, was: known });
    }
    if (now === undefined) return;
    if (known === undefined || now.kind !== known.kind) {
      store(file, now);
      changes.push({ op: "put", path: file, kind: now.kind });
      fill(file, now, (inner, { kind }) => changes.push({ op: "put", path: inner, kind }));
      return;
    }
    store(file, { ...now, children: known.children });
    const isOther = now.ino !== known.ino || now.birth !== known.birth;
    const isSame = now.kind === "directory" ? now.mode === known.mode && !isOther : isUnchanged(known, now);
    if (!isSame) changes.push({ op: "put", path: file, kind: now.kind });
    // What lies in another directory of the same name gave no notice.
    if (now.kind !== "directory" || !(deep || isOther)) return;
    const names = new Set([...known.children.keys(), ...namesIn(file)]);
    for (const name of names) check(path.join(file, name), true, changes);
  };

  for (const folder of folders) {
    const node = stat(folder);
    if (node === undefined) continue;
    roots.set(folder, node);
    fill(folder, node, () => {});
  }

  const look = (paths: Iterable<string>, whole: ReadonlySet<string> = new Set()) => {
    const changes: Change[] = [];
    for (const file of [...paths].sort()) check(file, whole.has(file), changes);
    return changes;
  };

  return { find, look, lookAtAll: () => look(folders, new Set(folders)) };
}

export function kindOf(stats: Stats): Kind | undefined {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  return stats.isSymbolicLink() ? "symlink" : undefined;
}

function isGone(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOENT" || code === "ENOTDIR";
}

function unreadable(file: string, error: unknown): WatchWarning {
  const code = error instanceof Error && "code" in error ? error.code : error;
  return { path: file, message: `${file} cannot be read (${code})`, hint: "make it readable, or name it in `ignore`" };
}
