import type { LogStream } from "./log-writer.ts";

/** A piece of a container's output with the time that the engine gave it. */
export interface StampedPiece {
  readonly name: string;
  readonly stream: LogStream;
  /** RFC 3339 with nanoseconds, as the engine wrote it. */
  readonly stamp: string;
  /** Without the stamp. */
  readonly data: Buffer;
}

/** Pieces of several containers in the order of their times; each source must be in that order by itself. */
export async function* mergeByTime(sources: readonly AsyncIterable<StampedPiece>[]): AsyncGenerator<StampedPiece> {
  const heads: { piece: StampedPiece; key: string; source: AsyncIterator<StampedPiece> }[] = [];
  const take = async (source: AsyncIterator<StampedPiece>) => {
    const next = await source.next();
    return next.done === true ? undefined : { piece: next.value, key: timeKey(next.value.stamp), source };
  };
  const firsts = await Promise.all(sources.map((source) => take(source[Symbol.asyncIterator]())));
  for (const first of firsts) if (first !== undefined) heads.push(first);
  while (heads.length > 0) {
    let index = 0;
    for (let i = 1; i < heads.length; i++) if ((heads[i]?.key ?? "") < (heads[index]?.key ?? "")) index = i;
    const head = heads[index];
    if (head === undefined) return;
    yield head.piece;
    const next = await take(head.source);
    if (next === undefined) heads.splice(index, 1);
    else heads[index] = next;
  }
}

/** docker writes `…T05:00:00.000000001Z`, always 30 characters; others write fewer digits, or an offset. */
function timeKey(stamp: string): string {
  if (stamp.length === 30 && stamp.endsWith("Z")) return stamp;
  const match = /^(.*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(stamp);
  const time = Date.parse(`${match?.[1] ?? ""}${match?.[3] ?? ""}`);
  if (Number.isNaN(time)) return stamp;
  return `${new Date(time).toISOString().slice(0, 19)}.${(match?.[2] ?? "").padEnd(9, "0")}Z`;
}

/**
 * Splits the stamps off what an engine sends when it is asked for timestamps. Without a TTY each frame bears one stamp,
 * also the continuation of a very long line; with a TTY each line bears one.
 */
export async function* splitStamps(
  name: string,
  frames: AsyncIterable<{ readonly stream: LogStream; readonly data: Buffer }>,
  tty: boolean,
): AsyncGenerator<StampedPiece> {
  for await (const { stream, data } of tty ? linesOf(frames) : frames) {
    const space = data.indexOf(0x20);
    const end = space === -1 ? data.length : space;
    yield { name, stream, stamp: data.toString("latin1", 0, end), data: data.subarray(end + 1) };
  }
}

async function* linesOf(frames: AsyncIterable<{ readonly stream: LogStream; readonly data: Buffer }>) {
  let rest: Buffer = Buffer.alloc(0);
  for await (const { data } of frames) {
    const bytes = rest.length === 0 ? data : Buffer.concat([rest, data]);
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
      yield { stream: "stdout" as const, data: bytes.subarray(start, end + 1) };
      start = end + 1;
    }
    rest = bytes.subarray(start);
  }
  if (rest.length > 0) yield { stream: "stdout" as const, data: rest };
}
