/**
 * One member of a tar archive. Names are bytes, held one per UTF-16 unit (latin1), so that a name that is no UTF-8 comes
 * out as it went in.
 */

export type TarType = "file" | "hardlink" | "symlink" | "char" | "block" | "directory" | "fifo";

export interface TarEntry {
  readonly path: string;
  readonly type: TarType;
  /** Permission bits, with setuid, setgid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content that follow. */
  readonly size: number;
  /** Seconds of Unix time, decimal, with a fraction where it has one: `1700000000.25`. */
  readonly mtime: string;
  /** What a link points to; empty for everything else. */
  readonly linkPath: string;
  readonly major: number;
  readonly minor: number;
  /** Extended attributes by name; values are bytes (latin1). */
  readonly xattrs: ReadonlyMap<string, string>;
  /** Where the file has holes: what the content means, in the archive's own form. */
  readonly sparse?: Sparse;
}

/** The forms of sparse files: GNU's old one is a kind of header (with more blocks after it), the newer ones are PAX records. */
export type Sparse =
  | { readonly form: "gnu"; readonly header: Buffer; readonly more: readonly Buffer[] }
  | { readonly form: "pax"; readonly records: ReadonlyMap<string, string> };

/** The archive is damaged, or holds what no archive of ours may hold. The message says what and where. */
export class TarError extends Error {
  override readonly name = "TarError";
}

export const blockSize = 512;

/** How many bytes fill up the last block of a content. */
export function paddingOf(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}

/** Bytes as text that holds each byte as one unit; and back. */
export const bytesOf = (text: string): Buffer => Buffer.from(text, "latin1");
export const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
