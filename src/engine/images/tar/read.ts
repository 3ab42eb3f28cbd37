/**
 * Reads a tar archive as it arrives: ustar, PAX, GNU long names, sparse files. Everything that announces a member is
 * bounded in size; its content is passed on in the pieces in which it came.
 */

import { blockSize, paddingOf, type Sparse, type TarEntry, TarError, textOf } from "./entry.ts";
import { decodeHeader, type RawHeader, typeOf } from "./header.ts";
import { decodePax } from "./pax.ts";

export interface TarSink {
  /** A member begins. `raw`: the blocks that announced it, as they stood. */
  entry(entry: TarEntry, raw: readonly Buffer[]): void;
  /** A piece of the content of the member that began last. */
  content(piece: Buffer): void;
  /** That member is complete. */
  close(): void;
}

export interface TarReader {
  write(chunk: Uint8Array): void;
  /** Throws TarError when the archive ends in the middle of a member. */
  end(): void;
}

export interface TarReaderOptions {
  /** The archive has the headers only: contents and their padding were taken out. */
  readonly bare?: boolean;
}

/** Long names, PAX records and maps of holes, together, for one member. */
const announcementLimit = 1024 * 1024;

/** Throws TarError, from `write` and `end`, for what is no archive. */
export function readTar(sink: TarSink, { bare = false }: TarReaderOptions = {}): TarReader {
  /** What announced the next member so far, as it stood. */
  let raw: Buffer[] = [];
  let rawLength = 0;
  let long: { path?: string; linkPath?: string } = {};
  let records = new Map<string, string>();
  /** A header whose map of holes goes on in further blocks. */
  let sparse: { readonly header: RawHeader; readonly block: Buffer; readonly more: Buffer[] } | undefined;
  /** What the next bytes are: a header; the body of one that only tells of the next (its flag); or a content. */
  let expecting: "header" | "content" | "padding" | "nothing" | { readonly flag: string; readonly size: number } =
    "header";
  let missing = blockSize;
  let gathered: Buffer[] = [];
  let padding = 0;
  let between = true;

  const gather = (chunk: Buffer): Buffer | undefined => {
    if (gathered.length === 0 && chunk.length === missing) return chunk;
    gathered.push(chunk);
    if (chunk.length < missing) return undefined;
    const whole = gathered.length === 1 ? chunk : Buffer.concat(gathered);
    gathered = [];
    return whole;
  };
  const keep = (block: Buffer) => {
    raw.push(block);
    rawLength += block.length;
    if (rawLength > announcementLimit) throw new TarError("a member's header is larger than 1 MiB");
  };
  const expectHeader = () => {
    expecting = "header";
    missing = blockSize;
  };

  const begin = (header: RawHeader, holes?: Sparse) => {
    const entry = complete(header, long, records, holes);
    sink.entry(entry, raw);
    raw = [];
    rawLength = 0;
    long = {};
    records = new Map();
    sparse = undefined;
    between = true;
    padding = paddingOf(entry.size);
    if (entry.size === 0 || bare) {
      sink.close();
      expectHeader();
    } else {
      expecting = "content";
      missing = entry.size;
    }
  };

  const block = (bytes: Buffer) => {
    if (sparse !== undefined) {
      keep(bytes);
      sparse.more.push(bytes);
      if (bytes[504] === 0) begin(sparse.header, { form: "gnu", header: sparse.block, more: sparse.more });
      return;
    }
    const header = decodeHeader(bytes);
    if (header === undefined) {
      if (!between) throw new TarError("the archive ends after a header that tells of a further member");
      expecting = "nothing";
      return;
    }
    if ("xgLK".includes(header.flag)) {
      if (header.size > announcementLimit) throw new TarError("a member's header is larger than 1 MiB");
      between = false;
      keep(bytes);
      expecting = { flag: header.flag, size: header.size };
      missing = header.size + paddingOf(header.size);
      if (missing === 0) expectHeader();
      return;
    }
    // The label of a volume is no member.
    if (header.flag === "V") return;
    keep(bytes);
    if (header.flag !== "S") begin(header, sparseRecords(records));
    else if (bytes[482] === 0) begin(header, { form: "gnu", header: Buffer.from(bytes), more: [] });
    else {
      between = false;
      sparse = { header, block: Buffer.from(bytes), more: [] };
    }
  };

  const body = ({ flag, size }: { readonly flag: string; readonly size: number }, bytes: Buffer) => {
    keep(bytes);
    const text = textOf(bytes.subarray(0, size));
    if (flag === "x") for (const [key, value] of decodePax(text)) records.set(key, value);
    if (flag === "L") long.path = text.replace(/\0.*$/s, "");
    if (flag === "K") long.linkPath = text.replace(/\0.*$/s, "");
    // Global records tell of the archive (git writes its commit there), and of no member that we know of.
    if (flag === "g") between = records.size === 0 && long.path === undefined && long.linkPath === undefined;
    expectHeader();
  };

  return {
    write: (bytes) => {
      let chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      while (chunk.length > 0 && expecting !== "nothing") {
        const piece = chunk.length > missing ? chunk.subarray(0, missing) : chunk;
        chunk = chunk.subarray(piece.length);
        const kind = expecting;
        if (kind === "content" || kind === "padding") {
          missing -= piece.length;
          if (kind === "content") sink.content(piece);
          if (missing > 0) continue;
          if (kind === "content") sink.close();
          if (kind === "content" && padding > 0) {
            expecting = "padding";
            missing = padding;
          } else expectHeader();
          continue;
        }
        const whole = gather(piece);
        missing -= piece.length;
        if (whole === undefined) continue;
        missing = blockSize;
        if (kind === "header") block(whole);
        else body(kind, whole);
      }
    },
    end: () => {
      const complete = expecting === "nothing" || (expecting === "header" && missing === blockSize && between);
      if (!complete) throw new TarError("the archive is cut off");
    },
  };
}

function complete(
  header: RawHeader,
  long: { readonly path?: string; readonly linkPath?: string },
  records: ReadonlyMap<string, string>,
  sparse: Sparse | undefined,
): TarEntry {
  const path = records.get("GNU.sparse.name") ?? records.get("path") ?? long.path ?? header.path;
  const type = header.flag === "\0" && path.endsWith("/") ? "directory" : typeOf(header.flag);
  if (type === undefined)
    throw new TarError(`"${path}" is of a kind that no image may hold (${JSON.stringify(header.flag)})`);
  const xattrs = new Map<string, string>();
  for (const [key, value] of records) if (key.startsWith(xattrKey)) xattrs.set(key.slice(xattrKey.length), value);
  return {
    path,
    type,
    mode: header.mode,
    uid: count(records.get("uid"), header.uid, path),
    gid: count(records.get("gid"), header.gid, path),
    // Links and directories have no content, whatever their header says; old archives say the size of a link's file.
    size: type === "file" ? count(records.get("size"), header.size, path) : 0,
    mtime: time(records.get("mtime")) ?? String(header.mtime),
    linkPath:
      type === "hardlink" || type === "symlink" ? (records.get("linkpath") ?? long.linkPath ?? header.linkPath) : "",
    major: header.major,
    minor: header.minor,
    xattrs,
    ...(sparse !== undefined && { sparse }),
  };
}

const xattrKey = "SCHILY.xattr.";

function sparseRecords(records: ReadonlyMap<string, string>): Sparse | undefined {
  const found = [...records].filter(([key]) => key.startsWith("GNU.sparse."));
  // The oldest form repeats its records, one pair for each piece of the file; nobody has written it since 2006.
  if (records.has("GNU.sparse.offset")) throw new TarError("a sparse file is in a form (0.0) that is not supported");
  return found.length === 0 ? undefined : { form: "pax", records: new Map(found) };
}

function count(record: string | undefined, fallback: number, path: string): number {
  const value = record === undefined ? fallback : Number(record);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new TarError(`"${path}" has a size or an owner that is no number`);
  return value;
}

function time(record: string | undefined): string | undefined {
  return record === undefined ? undefined : /^-?[0-9]{1,15}(\.[0-9]{1,9})?/.exec(record)?.[0];
}
