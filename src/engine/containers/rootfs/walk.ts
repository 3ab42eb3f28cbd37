/**
 * Paths inside a container's root file system, which is untrusted: walked one component at a time by descriptors, links
 * resolved within the root, so that no link and no race leads out of it (what openat2(2) calls RESOLVE_IN_ROOT).
 */

import { closeSync, constants, fstatSync, mkdirSync, openSync, readlinkSync, readSync, type Stats } from "node:fs";

/** open(2); Node has no name for it. A descriptor that only stands for a place. */
const O_PATH = 0o10000000;
const place = O_PATH | constants.O_NOFOLLOW;

/** As the kernel's own limit (path_resolution(7)). */
const mostLinks = 40;

export interface WalkOptions {
  /** Whether a link at the very end is followed; true unless given. */
  readonly followLast?: boolean;
  /** Directories that are missing are made, mode 0755. */
  readonly makeDirectories?: boolean;
}

/** A descriptor (O_PATH) of what a path inside a root names; the caller closes it. Throws ENOENT, ENOTDIR, ELOOP as open(2) does. */
export function openInside(root: string, path: string, options: WalkOptions = {}): number {
  const stack = [openSync(root, place | constants.O_DIRECTORY)];
  const left = componentsOf(path).reverse();
  let links = 0;
  try {
    for (let name = left.pop(); name !== undefined; name = left.pop()) {
      const top = stack.at(-1) ?? fail("ENOENT", path);
      if (name === "..") {
        if (stack.length > 1) closeSync(stack.pop() ?? top);
        continue;
      }
      const next = step(top, name, options.makeDirectories === true);
      const stats = fstatSync(next);
      if (stats.isSymbolicLink() && (left.length > 0 || options.followLast !== false)) {
        closeSync(next);
        if (++links > mostLinks) fail("ELOOP", path);
        const target = readlinkSync(`/proc/self/fd/${top}/${name}`);
        if (target.startsWith("/")) while (stack.length > 1) closeSync(stack.pop() ?? top);
        left.push(...componentsOf(target).reverse());
        continue;
      }
      stack.push(next);
      if (left.length > 0 && !stats.isDirectory()) fail("ENOTDIR", path);
    }
    return stack.pop() ?? fail("ENOENT", path);
  } finally {
    for (const fd of stack) closeSync(fd);
  }
}

/** Works on what a path inside a root names, by its descriptor. */
export function inside<T>(root: string, path: string, work: (fd: number, stats: Stats) => T, options?: WalkOptions): T {
  const fd = openInside(root, path, options);
  try {
    return work(fd, fstatSync(fd));
  } finally {
    closeSync(fd);
  }
}

/** A regular file's text, at most `limit` bytes of it; nothing where there is none. A FIFO or a device is not opened. */
export function readInside(root: string, path: string, limit: number): string {
  try {
    return inside(root, path, (fd, stats) => {
      if (!stats.isFile()) return "";
      const file = openSync(`/proc/self/fd/${fd}`, constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        const buffer = Buffer.alloc(Math.min(limit, stats.size));
        return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, 0)).toString();
      } finally {
        closeSync(file);
      }
    });
  } catch (error) {
    if (isMissing(error)) return "";
    throw error;
  }
}

/** There is nothing at that path. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && ["ENOENT", "ENOTDIR", "ELOOP"].includes(String(error.code));
}

function step(folder: number, name: string, make: boolean): number {
  const path = `/proc/self/fd/${folder}/${name}`;
  try {
    return openSync(path, place);
  } catch (error) {
    if (!make || !isMissing(error)) throw error;
    mkdirSync(path, 0o755);
    return openSync(path, place);
  }
}

const componentsOf = (path: string) => path.split("/").filter((part) => part !== "" && part !== ".");

function fail(code: string, path: string): never {
  throw Object.assign(new Error(`${code}: ${path}`), { code });
}
