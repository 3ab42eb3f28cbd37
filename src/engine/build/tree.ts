/**
 * Files to copy from, as they came in a tar: a build context, or what is copied from another stage. Contents lie one behind
 * the other in one file, the rest is kept in memory with each content's checksum: so a context that changes nothing costs no
 * file but that one.
 */

import { createHash } from "node:crypto";
import { closeSync, createReadStream, openSync, readSync } from "node:fs";
import { open } from "node:fs/promises";
import { trackPaths } from "../images/layer-paths.ts";
import { type TarEntry, TarError, textOf } from "../images/tar/entry.ts";
import { readMembers } from "../images/tar/members.ts";
import { badRequest } from "../refusal.ts";
import { comparePaths } from "./file-table.ts";

export interface TreeNode {
  /** Its path is the canonical one in the tree, without slashes at its ends; a hard link is a file here. */
  readonly entry: TarEntry;
  /** Of a file's content: `sha256:…`; empty for everything else. */
  readonly digest: string;
  /** Where its content lies: in an open file, from there on. */
  readonly fd: number;
  readonly offset: number;
  /** Its content, where it is in no file: a here-document. */
  readonly content?: Buffer;
}

/** By canonical path; the root is not among them. */
export interface Nodes {
  readonly size: number;
  get(path: string): TreeNode | undefined;
  keys(): Iterable<string>;
  /** What lies below a directory, each before what lies below it. "" is the root. */
  below(directory: string): Iterable<TreeNode>;
}

export interface Tree {
  readonly nodes: Nodes;
  /** The canonical path that a path leads to when links are followed, the last one too; undefined where nothing is there. */
  resolve(path: string): string | undefined;
  read(node: TreeNode): AsyncIterable<Buffer> | Iterable<Buffer>;
  /** The beginning of a file's content. */
  start(node: TreeNode, length: number): Buffer;
  without(paths: readonly string[]): Tree;
  /** What lies below a directory, as a tree. */
  within(directory: string): Tree;
  close(): void;
}

const mostNodes = 2_000_000;
/** Contents up to this size are read at once: a file of ten costs less than a thread's turn. */
const smallFile = 256 * 1024;
const windowLength = 1024 * 1024;

/** Takes a tar in, not compressed; `file` is made. EngineError 400 where it is no tar, or holds what no context may. */
export async function receiveTree(tar: AsyncIterable<Uint8Array>, file: string): Promise<Tree> {
  const nodes = new Map<string, TreeNode>();
  const paths = trackPaths();
  const handle = await open(file, "wx+", 0o600);
  const { fd } = handle;
  let offset = 0;
  let written = 0;
  let pending: Buffer[] = [];
  let hash = createHash("sha256");
  let entry: TarEntry | undefined;
  const flush = async () => {
    const bytes = Buffer.concat(pending);
    pending = [];
    for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
    written += bytes.length;
  };
  try {
    for await (const piece of readMembers(tar)) {
      if ("entry" in piece) {
        const path = paths.resolve(piece.entry.path);
        entry = undefined;
        // overlayfs's mark for a file that is gone, seen where a layer is looked at by itself.
        if (piece.entry.type === "char" && piece.entry.major === 0 && piece.entry.minor === 0) continue;
        entry = { ...piece.entry, path };
        if (entry.sparse !== undefined)
          throw new TarError(`"${path}" is a sparse file, in a form that no context may have`);
        if (nodes.size >= mostNodes) throw new TarError(`it has more than ${mostNodes} files`);
        hash = createHash("sha256");
      } else if ("content" in piece) {
        hash.update(piece.content);
        pending.push(piece.content);
        offset += piece.content.length;
        if (offset - written > 4 * smallFile) await flush();
      } else if (entry !== undefined && entry.path !== "") {
        const digest = entry.type === "file" ? `sha256:${hash.digest("hex")}` : "";
        add(nodes, paths, { entry, digest, fd, offset: offset - entry.size });
      }
    }
    await flush();
  } catch (error) {
    await handle.close();
    throw error instanceof TarError ? badRequest(`the build context cannot be read: ${error.message}`, error) : error;
  }
  return openTree(nodesOf(nodes), () => void handle.close());
}

function add(nodes: Map<string, TreeNode>, paths: ReturnType<typeof trackPaths>, node: TreeNode): void {
  const { entry } = node;
  const parts = entry.path.split("/");
  for (let length = 1; length < parts.length; length++) {
    const parent = parts.slice(0, length).join("/");
    if (nodes.get(parent)?.entry.type === "directory") continue;
    nodes.set(parent, { entry: { ...entry, ...plainDirectory, path: parent }, digest: "", fd: -1, offset: 0 });
    paths.addDirectory(parent);
  }
  const kind = paths.at(entry.path);
  if (kind !== undefined && kind !== entry.type) {
    for (const path of [...nodes.keys()]) if (path.startsWith(`${entry.path}/`)) nodes.delete(path);
    paths.forget(entry.path);
  }
  if (entry.type === "directory") paths.addDirectory(entry.path);
  if (entry.type === "symlink") paths.addSymlink(entry.path, entry.linkPath);
  if (entry.type !== "hardlink") {
    nodes.set(entry.path, node);
    return;
  }
  const target = nodes.get(paths.resolve(entry.linkPath));
  if (target === undefined) throw new TarError(`the hard link "${entry.path}" leads to nothing`);
  nodes.set(entry.path, { ...target, entry: { ...target.entry, path: entry.path } });
}

const plainDirectory = {
  type: "directory",
  mode: 0o755,
  size: 0,
  linkPath: "",
  xattrs: new Map<string, string>(),
} as const;

/** A tree of one file, whose content is the whole of a file on the disk. */
export function treeOfFile(entry: TarEntry, digest: string, file: string): Tree {
  const fd = openSync(file, "r");
  return openTree(nodesOf(new Map([[entry.path, { entry, digest, fd, offset: 0 }]])), () => closeSync(fd));
}

/** Nodes that came in any order. */
export function nodesOf(nodes: ReadonlyMap<string, TreeNode>): Nodes {
  let sorted: readonly TreeNode[] | undefined;
  return {
    size: nodes.size,
    get: (path) => nodes.get(path),
    keys: () => nodes.keys(),
    below: (path) => {
      sorted ??= [...nodes.values()].sort((a, b) => comparePaths(a.entry.path, b.entry.path));
      return path === "" ? sorted : sorted.filter(({ entry }) => entry.path.startsWith(`${path}/`));
    },
  };
}

/** `letGo` closes the files that the contents lie in; it is called once. */
export function openTree(nodes: Nodes, letGo: () => void): Tree {
  let isOpen = true;
  const close = () => {
    if (isOpen) letGo();
    isOpen = false;
  };
  /** What was read last, with what lies behind it: files are read in the order in which they lie. */
  let window: { readonly fd: number; readonly start: number; readonly bytes: Buffer } = {
    fd: -1,
    start: 0,
    bytes: Buffer.alloc(0),
  };
  const read = (fd: number, at: number, length: number): Buffer => {
    if (fd !== window.fd || at < window.start || at + length > window.start + window.bytes.length)
      window = { fd, start: at, bytes: readAt(fd, at, Math.max(length, windowLength)) };
    if (window.bytes.length < length) throw new Error("a build context's file is shorter than it was");
    return window.bytes.subarray(at - window.start, at - window.start + length);
  };
  const selected = (select: (path: string) => string | undefined): Tree => {
    const inner = new Map<string, TreeNode>();
    for (const node of nodes.below("")) {
      const path = select(node.entry.path);
      if (path !== undefined) inner.set(path, { ...node, entry: { ...node.entry, path } });
    }
    return openTree(nodesOf(inner), close);
  };
  return {
    nodes,
    resolve: (path) => resolveIn(nodes, path),
    read: ({ entry, fd, offset, content }) => {
      if (content !== undefined) return [content];
      if (entry.size === 0) return [];
      if (entry.size <= smallFile) return [read(fd, offset, entry.size)];
      const range = { start: offset, end: offset + entry.size - 1, highWaterMark: 1024 * 1024 };
      return createReadStream("", { fd, autoClose: false, ...range });
    },
    start: ({ entry, fd, offset }, length) => readAt(fd, offset, Math.min(length, entry.size)),
    without: (paths) => selected((path) => (paths.includes(path) ? undefined : path)),
    within: (directory) =>
      selected((path) => (path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : undefined)),
    close,
  };
}

/** At most so many bytes: fewer where the file ends. */
function readAt(fd: number, at: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let got = 0;
  for (let count = -1; got < length && count !== 0; got += count)
    count = readSync(fd, bytes, got, length - got, at + got);
  return bytes.subarray(0, got);
}

function resolveIn(nodes: Nodes, path: string): string | undefined {
  const pending = partsOf(path).reverse();
  const names: string[] = [];
  let links = 0;
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    if (part === "..") {
      names.pop();
      continue;
    }
    const here = [...names, part].join("/");
    const node = nodes.get(here);
    if (node === undefined) return undefined;
    if (node.entry.type !== "symlink") {
      names.push(part);
      continue;
    }
    if (++links > 40) return undefined;
    if (node.entry.linkPath.startsWith("/")) names.length = 0;
    pending.push(...partsOf(node.entry.linkPath).reverse());
  }
  return names.join("/");
}

/** The parts of a path that say something. */
export const partsOf = (path: string): string[] => path.split("/").filter((part) => part !== "" && part !== ".");

/** A small file's text, by its name in the Dockerfile's letters; undefined where there is none. EngineError 400 for a large one. */
export function textIn(tree: Tree, name: string): string | undefined {
  const found = tree.resolve(textOf(Buffer.from(name)));
  const node = found === undefined ? undefined : tree.nodes.get(found);
  if (node === undefined || node.entry.type !== "file") return undefined;
  if (node.entry.size > 4 * 1024 * 1024) throw badRequest(`${name} is larger than 4 MiB`);
  return tree.start(node, node.entry.size).toString("utf8");
}
