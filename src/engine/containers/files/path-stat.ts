/** A file of a container as the API describes it. */

import { closeSync, readlinkSync, type Stats } from "node:fs";
import path from "node:path";
import type { PathStat } from "../../api.ts";
import { inside, openInside } from "../rootfs/walk.ts";

/** Bits of Go's os.FileMode (io/fs). */
const goMode = {
  directory: 1 << 31,
  symlink: 1 << 27,
  device: 1 << 26,
  fifo: 1 << 25,
  socket: 1 << 24,
  setuid: 1 << 23,
  setgid: 1 << 22,
  charDevice: 1 << 21,
  sticky: 1 << 20,
} as const;

/** `stats` as Go writes a file's mode: permissions below, kind above. Not negative. */
export function goFileMode(stats: Pick<Stats, "mode">): number {
  const kind = stats.mode & 0o170000;
  const kinds: readonly [number, number][] = [
    [0o040000, goMode.directory],
    [0o120000, goMode.symlink],
    [0o060000, goMode.device],
    [0o020000, goMode.device | goMode.charDevice],
    [0o010000, goMode.fifo],
    [0o140000, goMode.socket],
  ];
  const bits: readonly [number, number][] = [
    [0o4000, goMode.setuid],
    [0o2000, goMode.setgid],
    [0o1000, goMode.sticky],
  ];
  let mode = stats.mode & 0o777;
  for (const [value, go] of kinds) if (kind === value) mode |= go;
  for (const [bit, go] of bits) if ((stats.mode & bit) !== 0) mode |= go;
  return mode >>> 0;
}

/**
 * What lies at a path below a root: links on the way are followed within the root, one at its end is described, unless
 * the path ends with a slash or a dot. Throws as open(2) does.
 */
export function statInside(root: string, wanted: string): PathStat {
  const followLast = /(^|\/)\.?$/.test(wanted);
  return inside(
    root,
    wanted,
    (_, stats) => ({
      name: path.posix.basename(path.posix.resolve("/", wanted)),
      size: stats.size,
      mode: goFileMode(stats),
      mtime: stats.mtime.toISOString(),
      linkTarget: stats.isSymbolicLink() ? targetOf(root, wanted) : "",
    }),
    { followLast },
  );
}

/** Where a link leads: a path of the container. */
function targetOf(root: string, wanted: string): string {
  // Node cannot read a link by its descriptor; its parent's can be.
  const parent = openInside(root, path.posix.dirname(path.posix.resolve("/", wanted)));
  try {
    const name = path.posix.basename(wanted);
    const target = readlinkSync(`/proc/self/fd/${parent}/${name}`);
    return path.posix.resolve(path.posix.dirname(path.posix.resolve("/", wanted)), target);
  } finally {
    closeSync(parent);
  }
}
