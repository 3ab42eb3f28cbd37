/** What is known of a watched folder, as plain data. */

export type Kind = "file" | "directory" | "symlink";

/** What tells one state of a file from the next without reading it. Times are milliseconds with fractions. */
export interface Stamp {
  readonly kind: Kind;
  readonly ino: number;
  readonly size: number;
  readonly mode: number;
  readonly mtime: number;
  readonly ctime: number;
  /** When it was made: an inode's number is given again at once. */
  readonly birth: number;
  /** Unix milliseconds of the look itself. */
  readonly seen: number;
}

export interface Node extends Stamp {
  /** By name; empty unless it is a directory. */
  readonly children: Map<string, Node>;
}

/** What became of one path. Paths are absolute. */
export type Change =
  | { readonly op: "put"; readonly path: string; readonly kind: Kind }
  /** With everything that was known below it. */
  | { readonly op: "delete"; readonly path: string; readonly was: Node };

/** A clock of the kernel's may stand still so long: what changes twice within it bears one time. */
const clockTick = 20;

/**
 * Whether nothing can have changed between two looks. A file that changed just before the first look may have changed
 * again with the same time, so that is no proof.
 */
export function isUnchanged(before: Stamp, after: Stamp): boolean {
  return (
    before.kind === after.kind &&
    before.ino === after.ino &&
    before.size === after.size &&
    before.mode === after.mode &&
    before.mtime === after.mtime &&
    before.ctime === after.ctime &&
    before.seen - before.ctime > clockTick
  );
}

/** The path of `path` below `base`: "" for itself, undefined for what is not in it. Both absolute and clean. */
export function below(base: string, path: string): string | undefined {
  if (path === base) return "";
  const prefix = base.endsWith("/") ? base : `${base}/`;
  return path.startsWith(prefix) ? path.slice(prefix.length) : undefined;
}
