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

/** Where one container's pieces are read: the next one, and what came with it. */
interface Head {
  /** The container's place among all: of equal times the first is the first. */
  readonly place: number;
  readonly source: AsyncIterator<readonly StampedPiece[]>;
  pieces: readonly StampedPiece[];
  at: number;
  key: string;
}

/**
 * Pieces of several containers in the order of their times; each source must be in that order by itself. What is in order
 * without waiting is one batch.
 */
export async function* mergeByTime(
  sources: readonly AsyncIterable<readonly StampedPiece[]>[],
): AsyncGenerator<readonly StampedPiece[]> {
  const [only] = sources;
  if (only !== undefined && sources.length === 1) return yield* only;
  const opened = sources.map((source, place): Head => {
    return { place, source: source[Symbol.asyncIterator](), pieces: [], at: 0, key: "" };
  });
  const filled = await Promise.all(opened.map(async (head) => ((await refill(head)) ? [head] : [])));
  const heads = filled.flat().toSorted(inOrder);
  while (heads.length > 0) {
    yield takeWhileKnown(heads);
    const [spent] = heads;
    if (spent === undefined) return;
    heads.shift();
    if (await refill(spent)) insert(heads, spent);
  }
}

/** Takes pieces until the first head has none left: what comes next there is not known. The heads stay in order. */
function takeWhileKnown(heads: Head[]): readonly StampedPiece[] {
  const taken: StampedPiece[] = [];
  for (;;) {
    const [first, second] = heads;
    if (first === undefined) return taken;
    do {
      const piece = first.pieces[first.at++];
      if (piece !== undefined) taken.push(piece);
      const next = first.pieces[first.at];
      if (next === undefined) return taken;
      first.key = timeKey(next.stamp);
    } while (second === undefined || inOrder(first, second) < 0);
    heads.shift();
    insert(heads, first);
  }
}

const inOrder = (a: Head, b: Head): number => (a.key === b.key ? a.place - b.place : a.key < b.key ? -1 : 1);

function insert(heads: Head[], head: Head): void {
  let at = 0;
  for (let end = heads.length; at < end; ) {
    const middle = (at + end) >> 1;
    const other = heads[middle];
    if (other !== undefined && inOrder(other, head) < 0) at = middle + 1;
    else end = middle;
  }
  heads.splice(at, 0, head);
}

/** Waits for the next batch of a source; false where there is none. */
async function refill(head: Head): Promise<boolean> {
  for (;;) {
    const next = await head.source.next();
    if (next.done === true) return false;
    const [first] = next.value;
    if (first === undefined) continue;
    Object.assign(head, { pieces: next.value, at: 0, key: timeKey(first.stamp) });
    return true;
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
  batches: AsyncIterable<readonly Piece[]>,
  tty: boolean,
): AsyncGenerator<readonly StampedPiece[]> {
  for await (const batch of tty ? linesOf(batches) : batches) {
    yield batch.map(({ stream, data }) => {
      const space = data.indexOf(0x20);
      const end = space === -1 ? data.length : space;
      return { name, stream, stamp: data.toString("latin1", 0, end), data: data.subarray(end + 1) };
    });
  }
}

interface Piece {
  readonly stream: LogStream;
  readonly data: Buffer;
}

async function* linesOf(batches: AsyncIterable<readonly Piece[]>): AsyncGenerator<readonly Piece[]> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const batch of batches) {
    const bytes = Buffer.concat([rest, ...batch.map(({ data }) => data)]);
    const lines: Piece[] = [];
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
      lines.push({ stream: "stdout", data: bytes.subarray(start, end + 1) });
      start = end + 1;
    }
    rest = bytes.subarray(start);
    yield lines;
  }
  if (rest.length > 0) yield [{ stream: "stdout", data: rest }];
}
