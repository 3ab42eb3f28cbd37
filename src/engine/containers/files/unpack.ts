/**
 * Unpacks a tar below a directory of a container. The container may run and change its files meanwhile, so that no path is
 * ever walked by name: each parent is opened component by component within the container's root, and each member is made
 * by its parent's descriptor, new. Devices are not made.
 */

import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { bytesOf, type TarEntry, textOf } from "../../images/tar/entry.ts";
import { readTar } from "../../images/tar/read.ts";
import { badRequest } from "../../refusal.ts";
import { isMissing, openInside } from "../rootfs/walk.ts";

export interface UnpackOptions {
  /** A directory of the host that is the container's root. */
  readonly root: string;
  /** The directory in it to unpack below. */
  readonly path: string;
  /** A directory may not take the place of something else, nor the other way round. */
  readonly noOverwriteDirNonDir: boolean;
  /** A member `.wh.name` removes `name` and all that is in it (OCI image-spec, layer.md), and is not made itself. */
  readonly whiteouts?: boolean;
  /** Who owns what is made; absent: as the archive says. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

export interface Unpacking {
  write(chunk: Uint8Array): void;
  /** Throws where the archive is not complete. */
  end(): void;
  /** Lets go of everything; to be called in any case. */
  close(): void;
}

/** EngineError 400 for members that cannot be; TarError for what is no archive. */
export function unpackInside({
  root,
  path: base,
  noOverwriteDirNonDir,
  whiteouts = false,
  owner,
}: UnpackOptions): Unpacking {
  let file: number | undefined;
  let current: TarEntry | undefined;
  /** Directories keep their times only when all is in them; the last ones first. */
  const directories: { readonly path: string; readonly entry: TarEntry }[] = [];

  const finishFile = () => {
    if (file === undefined || current === undefined) return;
    const { uid, gid } = owner ?? current;
    fchownSync(file, uid, gid);
    fchmodSync(file, current.mode);
    futimesSync(file, Number(current.mtime), Number(current.mtime));
    closeSync(file);
    file = undefined;
  };

  const place = (entry: TarEntry) => {
    if (entry.sparse !== undefined) throw badRequest(`"${entry.path}" is a sparse file: send it whole`);
    const member = memberPath(base, entry.path);
    if (member === undefined) return;
    const whiteout = whiteouts ? /^\.wh\.(.+)$/s.exec(path.posix.basename(member))?.[1] : undefined;
    if (whiteout !== undefined) {
      removeInside(root, pathOf(path.posix.dirname(member)), bytesOf(whiteout));
      return;
    }
    const parent = openInside(root, pathOf(path.posix.dirname(member)), { makeDirectories: true });
    try {
      make(
        entry,
        member,
        Buffer.concat([Buffer.from(`/proc/self/fd/${parent}/`), bytesOf(path.posix.basename(member))]),
      );
    } finally {
      closeSync(parent);
    }
  };

  const make = (entry: TarEntry, member: string, at: Buffer) => {
    const isDirectory = entry.type === "directory";
    if (!makeRoom(at, member, isDirectory)) {
      switch (entry.type) {
        case "directory":
          mkdirSync(at, 0o700);
          break;
        case "symlink":
          symlinkSync(bytesOf(entry.linkPath), at);
          break;
        case "hardlink":
          makeHardlink(entry, at);
          return;
        case "file":
          file = openSync(at, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
          current = entry;
          return;
        default:
          // Devices and FIFOs need mknod(2), which nobody's copy should bring along.
          return;
      }
    }
    const { uid, gid } = owner ?? entry;
    lchownSync(at, uid, gid);
    if (isDirectory) {
      chmodSync(at, entry.mode);
      directories.push({ path: member, entry });
    } else lutimesSync(at, Number(entry.mtime), Number(entry.mtime));
  };

  const makeHardlink = ({ linkPath }: TarEntry, at: Buffer) => {
    const target = memberPath(base, linkPath);
    if (target === undefined) throw badRequest(`invalid hard link to "${linkPath}"`);
    const parent = openInside(root, pathOf(path.posix.dirname(target)));
    try {
      linkSync(Buffer.concat([Buffer.from(`/proc/self/fd/${parent}/`), bytesOf(path.posix.basename(target))]), at);
    } finally {
      closeSync(parent);
    }
  };

  /** Takes away what stands where a member is to be made; true where the directory that is wanted is there already. */
  const makeRoom = (at: Buffer, member: string, isDirectory: boolean): boolean => {
    const there = lstatSync(at, { throwIfNoEntry: false });
    if (there === undefined) return false;
    if (there.isDirectory() && isDirectory) return true;
    if (noOverwriteDirNonDir && there.isDirectory() !== isDirectory) {
      const [old, fresh] = there.isDirectory() ? ["directory", "non-directory"] : ["non-directory", "directory"];
      throw badRequest(`cannot overwrite ${old} "${member}" with ${fresh} "${base}"`);
    }
    if (there.isDirectory()) removeEmpty(at, member);
    else unlinkSync(at);
    return false;
  };

  const reader = readTar({
    entry: (entry) => place(entry),
    content: (piece) => {
      for (let at = 0; file !== undefined && at < piece.length; ) at += writeSync(file, piece, at);
    },
    close: finishFile,
  });

  return {
    write: (chunk) => reader.write(chunk),
    end: () => {
      reader.end();
      for (const { path: member, entry } of directories.reverse()) setTimes(root, member, Number(entry.mtime));
    },
    close: () => {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

/** A member's path within the container, names as bytes; undefined for the directory itself. `..` leads no further up than it. */
function memberPath(base: string, name: string): string | undefined {
  const parts: string[] = [];
  for (const part of name.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.length === 0 ? undefined : path.posix.join("/", textOf(Buffer.from(base)), ...parts);
}

/** A path of bytes as the walker takes it. Directories whose name is no UTF-8 cannot be walked into. */
const pathOf = (text: string) => bytesOf(text).toString("utf8");

/** Removes a name of a directory, and what it holds. Where the directory is not there, nothing is to be removed. */
function removeInside(root: string, directory: string, name: Buffer): void {
  let parent: number;
  try {
    parent = openInside(root, directory);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  try {
    removeTree(parent, name);
  } finally {
    closeSync(parent);
  }
}

/** By descriptors all the way down: the container may put links in the way meanwhile. */
function removeTree(parent: number, name: Buffer): void {
  const at = Buffer.concat([Buffer.from(`/proc/self/fd/${parent}/`), name]);
  const there = lstatSync(at, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isDirectory()) {
    unlinkSync(at);
    return;
  }
  const directory = openSync(at, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    for (const child of readdirSync(`/proc/self/fd/${directory}`, { encoding: "buffer" })) removeTree(directory, child);
  } finally {
    closeSync(directory);
  }
  rmdirSync(at);
}

function removeEmpty(at: Buffer, member: string): void {
  try {
    rmdirSync(at);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOTEMPTY") {
      throw badRequest(`cannot overwrite the directory "${member}": it is not empty`, error);
    }
    throw error;
  }
}

function setTimes(root: string, member: string, time: number): void {
  const fd = openInside(root, pathOf(member), { followLast: false });
  try {
    lutimesSync(`/proc/self/fd/${fd}/.`, time, time);
  } finally {
    closeSync(fd);
  }
}
