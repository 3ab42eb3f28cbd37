/**
 * A layer as overlayfs wants it. In: a layer's tar, as registries and builders make it, from anybody. Out: a tar for the
 * unpacker that does no harm whatever came in: names without `..`, absolute parts or symbolic links in them, every parent
 * directory listed, nothing listed over something of another kind, no attributes that steer overlayfs. Pure.
 *
 * Whiteouts (`.wh.NAME`: NAME of the layers below is gone; `.wh..wh..opq`: all of this directory's is) are handed out at
 * the end: only then is it known whether the layer brings its own NAME. Source: OCI image-spec, layer.md.
 */

import { trackPaths } from "./layer-paths.ts";
import { paddingOf, type TarEntry, TarError } from "./tar/entry.ts";
import { encodeEntry } from "./tar/header.ts";
import { readTar } from "./tar/read.ts";

/** What to do next, in order. */
export type UnpackStep =
  /** A piece of the tar. */
  | { readonly data: Buffer }
  /** End the tar, remove what lies at this canonical path, and begin a new tar: something of another kind comes there. */
  | { readonly remove: string }
  /** A large file that is as plain as a file can be, and new there; its content follows, and nothing else until it is closed. */
  | { readonly file: TarEntry }
  | { readonly content: Buffer }
  | { readonly closed: true };

export interface LayerEnd {
  /** Canonical paths to hide, unless the layer has something there itself. */
  readonly whiteouts: readonly string[];
  /** Directories that hide whatever the layers below have in them. */
  readonly opaques: readonly string[];
  /** Sum of the files' sizes. */
  readonly size: number;
}

export interface LayerTransform {
  /** The steps that a piece of the layer's tar leads to. Throws TarError. */
  write(chunk: Uint8Array): readonly UnpackStep[];
  end(): LayerEnd;
}

const whiteoutPrefix = ".wh.";
const whiteoutMeta = ".wh..wh.";
const opaqueMark = ".wh..wh..opq";
const mostEntries = 2_000_000;
/** Bytes from which on a file is handed out beside the tar: the tar's way costs two copies more, a file of its own some calls. */
const largeFile = 64 * 1024;
/** So many names are remembered, so that none is handed out beside a tar that has it too; beyond, all go into the tar. */
const mostListed = 100_000;
/** Each one costs a process; no honest layer needs any. */
const mostRemovals = 100;
/** Holes cost nothing on the disk, but whoever copies the file writes them all. */
const largestSparse = 1024 ** 4;

export function toOverlay(): LayerTransform {
  const paths = trackPaths();
  const whiteouts: string[] = [];
  const opaques: string[] = [];
  let steps: UnpackStep[] = [];
  let size = 0;
  let count = 0;
  let removals = 0;
  /** The content of the member at hand is handed on; else it is dropped. */
  let open: TarEntry | undefined;
  let isBeside = false;
  const listed = new Set<string>();

  const emit = (entry: TarEntry) => steps.push({ data: encodeEntry(entry) });

  const makeRoom = (path: string, type: TarEntry["type"]) => {
    const known = paths.at(path);
    if (known === undefined || known === type) return;
    if (++removals > mostRemovals) throw new TarError("the layer replaces its own directories again and again");
    steps.push({ remove: path });
    paths.forget(path);
  };

  const makeParents = (path: string, mtime: string) => {
    const parts = path.split("/");
    for (let length = 1; length < parts.length; length++) {
      const parent = parts.slice(0, length).join("/");
      if (paths.at(parent) === "directory") continue;
      paths.addDirectory(parent);
      emit({ ...impliedDirectory, path: `${parent}/`, mtime });
    }
  };

  const reader = readTar({
    entry: (entry) => {
      open = undefined;
      if (++count > mostEntries) throw new TarError(`the layer has more than ${mostEntries} members`);
      const parts = entry.path.split("/");
      const name = parts.findLast((part) => part !== "") ?? "";
      const inside = parts.some((part) => part.startsWith(whiteoutMeta) && part !== opaqueMark);
      // The book-keeping of aufs, which wrote the first layers there were.
      if (inside) return;
      if (name === opaqueMark) {
        const marked = paths.resolve(`${entry.path}/`);
        makeParents(marked, entry.mtime);
        opaques.push(marked.slice(0, Math.max(0, marked.lastIndexOf("/"))));
        return;
      }
      if (name.startsWith(whiteoutPrefix)) {
        const hidden = name.slice(whiteoutPrefix.length);
        if (hidden === "" || hidden === "." || hidden === "..") throw new TarError(`"${entry.path}" hides no file`);
        const path = paths.resolve([...parts.slice(0, parts.lastIndexOf(name)), hidden].join("/"));
        makeParents(path, entry.mtime);
        whiteouts.push(path);
        return;
      }
      const placed = place(entry);
      if (placed === undefined) return;
      isBeside = placed.size >= largeFile && isPlain(placed) && listed.size < mostListed && !listed.has(placed.path);
      if (placed.type !== "directory" && listed.size < mostListed) listed.add(placed.path);
      if (isBeside) steps.push({ file: placed });
      else emit(placed);
      size += placed.size;
      open = placed;
    },
    content: (piece) => {
      if (open !== undefined) steps.push(isBeside ? { content: piece } : { data: piece });
    },
    close: () => {
      if (open === undefined) return;
      if (isBeside) steps.push({ closed: true });
      else if (open.size % 512 !== 0) steps.push({ data: Buffer.alloc(paddingOf(open.size)) });
      open = undefined;
    },
  });

  const place = (entry: TarEntry): TarEntry | undefined => {
    const path = paths.resolve(entry.path);
    if (path === "" && entry.type !== "directory") throw new TarError(`"${entry.path}" stands where the root must be`);
    makeParents(path, entry.mtime);
    makeRoom(path, entry.type);
    const linkPath = linkOf(entry, path);
    if (entry.type === "hardlink" && linkPath === path) return undefined;
    if (entry.type === "directory") paths.addDirectory(path);
    if (entry.type === "symlink") paths.addSymlink(path, linkPath);
    return {
      ...entry,
      path: path === "" ? "./" : entry.type === "directory" ? `${path}/` : path,
      linkPath,
      xattrs: new Map([...entry.xattrs].filter(([name]) => mayKeep(name))),
      ...(entry.sparse !== undefined && { sparse: renamedSparse(entry.sparse, path) }),
    };
  };

  const linkOf = (entry: TarEntry, path: string): string => {
    if (entry.type === "symlink" && (entry.linkPath === "" || entry.linkPath.length > 4095)) {
      throw new TarError(`the symbolic link "${entry.path}" has a target that no link can have`);
    }
    if (entry.type !== "hardlink") return entry.linkPath;
    const target = paths.resolve(entry.linkPath);
    const known = paths.at(target);
    if (target === "" || known === "directory")
      throw new TarError(`the hard link "${entry.path}" leads to a directory`);
    // A second name of a symbolic link is one itself.
    const link = paths.target(target);
    if (link !== undefined) paths.addSymlink(path, link);
    return target;
  };

  return {
    write: (chunk) => {
      steps = [];
      reader.write(chunk);
      return steps;
    },
    end: () => {
      reader.end();
      return { whiteouts, opaques, size };
    },
  };
}

const impliedDirectory: TarEntry = {
  path: "",
  type: "directory",
  mode: 0o755,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: "0",
  linkPath: "",
  major: 0,
  minor: 0,
  xattrs: new Map(),
};

/** A directory of an archive that lists none, or a device that stands for a file that is gone. */
export const overlayEntry = (path: string, more: Partial<TarEntry>): TarEntry => ({
  ...impliedDirectory,
  path,
  ...more,
});

/** Whether Node can make it: it has no attributes, and no time between two seconds. */
const isPlain = ({ type, sparse, xattrs, mtime }: TarEntry) =>
  type === "file" && sparse === undefined && xattrs.size === 0 && /^[0-9]+$/.test(mtime);

/** The attributes that mean the same below overlayfs as anywhere: capabilities, and what users put there. */
function mayKeep(name: string): boolean {
  return name === "security.capability" || (name.startsWith("user.") && !name.startsWith("user.overlay."));
}

function renamedSparse(sparse: NonNullable<TarEntry["sparse"]>, path: string): NonNullable<TarEntry["sparse"]> {
  const text = sparse.form === "gnu" ? sparse.header.toString("latin1", 483, 494) : undefined;
  const real =
    text === undefined
      ? Number(
          (sparse.form === "pax" &&
            (sparse.records.get("GNU.sparse.realsize") ?? sparse.records.get("GNU.sparse.size"))) ||
            0,
        )
      : Number.parseInt(text, 8);
  if (!(real >= 0 && real <= largestSparse)) throw new TarError(`the sparse file "${path}" is larger than 1 TiB`);
  if (sparse.form === "gnu") return sparse;
  const records = new Map(sparse.records);
  if (records.has("GNU.sparse.name")) records.set("GNU.sparse.name", path);
  return { form: "pax", records };
}
