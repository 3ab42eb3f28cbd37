/**
 * The log that conmon writes (k8s-file): one entry a line, `2026-11-23T21:47:19.932877074+00:00 stdout F text`. F ends a line
 * of output, P is a piece of one: its newline is not the container's. With TZ=UTC all time stamps have the same length and
 * sort as text. Pure.
 * Source: conmon src/ctr_logging.c; Kubernetes CRI logging format.
 */

import type { Frame } from "../../api.ts";

/** `2026-11-23T21:47:19.932877074+00:00`. */
const stampLength = 35;
/** Stamp, blank, `stdout` or `stderr`, blank, tag, blank. */
const prefixLength = stampLength + 10;
const newline = 0x0a;
const full = 0x46;
const letterE = 0x65;

export interface EntryChoice {
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Each line begins with its time, `2006-01-02T15:04:05.000000000Z `. */
  readonly timestamps: boolean;
  /** Each line begins with the log's extra attributes, of which there are none: a blank. */
  readonly details: boolean;
  /** Not before, and not after: stamps as the log has them, up to the nanoseconds. */
  readonly since?: string;
  readonly until?: string;
}

/** A cursor over a log's bytes. `middle` tells, for each stream, that its line has begun in an entry before. */
export interface Decoding {
  middle: { stdout: boolean; stderr: boolean };
  /** An entry later than `until` was seen. */
  over: boolean;
}

export const freshDecoding = (): Decoding => ({ middle: { stdout: false, stderr: false }, over: false });

/**
 * The output in whole entries: neighbours of one stream are one frame, but with time stamps each entry is one, for there are
 * clients that look for a stamp at the beginning of a frame. What is no entry (a line torn by a full disk) is
 * passed over.
 */
export function decodeEntries(bytes: Buffer, choice: EntryChoice, state: Decoding): readonly Frame[] {
  const frames: Frame[] = [];
  // Without stamps the output is shorter than the log; with them an entry grows by no more than its own prefix.
  const out = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  let begin = 0;
  let current: Frame["stream"] | undefined;
  const flush = () => {
    if (current !== undefined && length > begin) frames.push({ stream: current, data: out.subarray(begin, length) });
    begin = length;
  };
  for (let start = 0; start < bytes.length && !state.over; ) {
    const end = bytes.indexOf(newline, start);
    if (end === -1) break;
    const next = end + 1;
    const entry = start;
    start = next;
    if (!isEntry(bytes, entry, end)) continue;
    const stream = bytes[entry + stampLength + 4] === letterE ? "stderr" : "stdout";
    if (choice.since !== undefined || choice.until !== undefined) {
      const stamp = bytes.toString("latin1", entry, entry + stampLength);
      if (choice.until !== undefined && stamp > choice.until) {
        state.over = true;
        break;
      }
      if (choice.since !== undefined && stamp < choice.since) continue;
    }
    if (!choice[stream]) continue;
    if (stream !== current || (choice.timestamps && !state.middle[stream])) flush();
    current = stream;
    const isFull = bytes[entry + stampLength + 8] === full;
    if (!state.middle[stream]) {
      if (choice.timestamps) {
        // Nanoseconds, then Z in place of the offset.
        bytes.copy(out, length, entry, entry + stampLength - 6);
        length += stampLength - 6;
        out[length++] = 0x5a;
        out[length++] = 0x20;
      }
      if (choice.details) out[length++] = 0x20;
    }
    // The newline of a full entry is the container's.
    const dataEnd = isFull ? next : end;
    bytes.copy(out, length, entry + prefixLength, dataEnd);
    length += dataEnd - entry - prefixLength;
    state.middle[stream] = !isFull;
  }
  flush();
  return frames;
}

function isEntry(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < prefixLength) return false;
  return (
    bytes[start + stampLength] === 0x20 &&
    bytes[start + stampLength + 7] === 0x20 &&
    bytes[start + prefixLength - 1] === 0x20 &&
    bytes[start + 10] === 0x54
  );
}

/** A time as the log's stamps have it, to compare with them: nanoseconds of Unix time. */
export function stampOf(nano: bigint): string {
  const seconds = nano / 1_000_000_000n;
  const rest = nano % 1_000_000_000n;
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `${whole}.${String(rest).padStart(9, "0")}+00:00`;
}

/**
 * Where the last `count` lines begin in a piece of log that ends with its end: an offset, or undefined where the piece
 * holds no more lines than that. A last line without its end counts as one.
 */
export function findTail(bytes: Buffer, count: number): number | undefined {
  let lines = 0;
  let end = bytes.length - 1;
  if (count === 0) return bytes.length;
  while (end >= 0) {
    const before = end === 0 ? -1 : bytes.lastIndexOf(newline, end - 1);
    const start = before + 1;
    if (isEntry(bytes, start, end)) {
      const isFull = bytes[start + stampLength + 8] === full;
      // The end of a line is met first: it is one more line, unless that was the last one wanted.
      const isLast = end === bytes.length - 1;
      if (isFull || isLast) {
        if (lines === count) return end + 1;
        lines++;
      }
    }
    end = before;
  }
  return undefined;
}
