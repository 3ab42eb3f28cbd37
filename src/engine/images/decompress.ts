/** What image archives and layers are compressed with, told by their first bytes. */

import { spawn } from "node:child_process";
import { pipeline, Readable, type Transform } from "node:stream";
import zlib from "node:zlib";

export type Compression = "none" | "gzip" | "zstd" | "bzip2" | "xz";

const magics: readonly (readonly [Compression, readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b, 0x08]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["bzip2", [0x42, 0x5a, 0x68]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
];

/** By the first bytes; a zstd file may begin with a frame to skip (0x184D2A5?). */
export function compressionOf(start: Uint8Array): Compression {
  const found = magics.find(([, magic]) => magic.every((byte, i) => start[i] === byte));
  if (found !== undefined) return found[0];
  const skippable = start[1] === 0x2a && start[2] === 0x4d && start[3] === 0x18 && ((start[0] ?? 0) & 0xf0) === 0x50;
  return skippable ? "zstd" : "none";
}

/** Fewer, larger pieces: a third of the time. */
const chunkSize = 1024 * 1024;
/** Nothing real is packed that tightly beyond its first MiB. */
const mostTimes = 1000;

/**
 * The bytes unpacked. Throws for damaged ones, and for a bomb: more than a thousand times their size (after the first MiB).
 * `compression` absent: told by the first bytes.
 */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
  compression?: Compression,
): AsyncGenerator<Buffer, void, undefined> {
  const { start, whole } = await peek(source);
  const kind = compression ?? compressionOf(start);
  let taken = 0;
  let given = 0;
  const counted = async function* () {
    for await (const chunk of whole) {
      taken += chunk.length;
      yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    }
  };
  if (kind === "none") {
    yield* counted();
    return;
  }
  const output = kind === "gzip" || kind === "zstd" ? inProcess(kind, counted()) : byProgram(kind, counted());
  for await (const piece of output) {
    given += piece.length;
    if (given > chunkSize && given > mostTimes * taken)
      throw new Error(`the ${kind} data unpacks to more than ${mostTimes} times its size`);
    yield piece;
  }
}

function inProcess(kind: "gzip" | "zstd", source: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const stream: Transform =
    kind === "gzip" ? zlib.createGunzip({ chunkSize }) : zlib.createZstdDecompress({ chunkSize });
  pipeline(Readable.from(source), stream, () => {});
  return stream;
}

/** bzip2 and xz have no place in Node; the host's programs do it, before anything of the archive is on the disk. */
async function* byProgram(
  kind: "bzip2" | "xz",
  source: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  const child = spawn(kind, ["--decompress", "--stdout"], { stdio: ["pipe", "pipe", "pipe"] });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    if (complaint.length < 2000) complaint += text;
  });
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once("error", (error) =>
      reject(new Error(`${kind} is needed to unpack this, and cannot be run`, { cause: error })),
    );
    child.once("close", resolve);
  });
  closed.catch(() => {});
  pipeline(Readable.from(source), child.stdin, () => {});
  try {
    yield* child.stdout;
    if ((await closed) !== 0) throw new Error(complaint.trim() || `${kind} failed`);
  } finally {
    child.kill("SIGKILL");
  }
}

/** The first bytes of a stream (as many as tell its kind), and the stream from its beginning. */
export async function peek(
  source: AsyncIterable<Uint8Array>,
): Promise<{ readonly start: Buffer; readonly whole: AsyncIterable<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let length = 0;
  while (length < 512) {
    const { value, done } = await iterator.next();
    if (done === true) break;
    first.push(value);
    length += value.length;
  }
  const whole = (async function* () {
    try {
      yield* first;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  })();
  return { start: Buffer.concat(first, length), whole };
}
