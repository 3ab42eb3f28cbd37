/** A container's output, read from its log: what is there, and as it goes on. */

import { watch } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { Frame } from "../../api.ts";
import { decodeEntries, type EntryChoice, findTail, freshDecoding } from "./entries.ts";

export interface ReadLogOptions extends EntryChoice {
  /** How many lines of what is there; absent: all. */
  readonly tail?: number;
  /** Where to begin, in bytes; in place of `tail`. */
  readonly from?: number;
  /** Go on until the container has ended: resolves when conmon has written the last of its output. Absent: no further. */
  readonly ended?: Promise<unknown>;
  readonly signal?: AbortSignal;
}

/** Bytes that are read at once: memory per reader, however long the log is. */
const blockSize = 256 * 1024;

/**
 * The output in the log at `file`, from its beginning or its tail: a batch for each block. Reads as fast as it is read itself and holds one block;
 * waits for the kernel to tell of changes. A log that is truncated while it is followed is read on from its new beginning;
 * one that is not there (yet) is empty.
 */
export async function* readLog(
  file: string,
  options: ReadLogOptions,
): AsyncGenerator<readonly Frame[], void, undefined> {
  const changes = options.ended === undefined ? undefined : watchFile(file, options.ended, options.signal);
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, "r").catch(ignoreMissing);
    if (handle === undefined) return;
    const state = freshDecoding();
    let offset = await beginning(handle, options);
    let rest = Buffer.alloc(0);
    for (;;) {
      // Asked before reading: what is written after the end was told is not to be missed.
      const isEnded = changes?.isEnded() !== false;
      const seen = changes?.seen();
      for (;;) {
        const block = Buffer.allocUnsafe(blockSize + rest.length);
        rest.copy(block);
        const { bytesRead } = await handle.read(block, rest.length, blockSize, offset);
        if (bytesRead === 0) break;
        offset += bytesRead;
        const filled = block.subarray(0, rest.length + bytesRead);
        const whole = filled.lastIndexOf(0x0a) + 1;
        const frames = decodeEntries(filled.subarray(0, whole), options, state);
        if (frames.length > 0) yield frames;
        rest = Buffer.from(filled.subarray(whole));
        if (state.over || options.signal?.aborted) return;
      }
      if (isEnded) return;
      if ((await handle.stat()).size < offset) {
        offset = 0;
        rest = Buffer.alloc(0);
        continue;
      }
      await changes?.next(seen ?? 0);
      if (options.signal?.aborted) return;
    }
  } finally {
    changes?.close();
    await handle?.close();
  }
}

async function beginning(handle: FileHandle, { from, tail }: ReadLogOptions): Promise<number> {
  if (from !== undefined) return from;
  if (tail === undefined) return 0;
  const { size } = await handle.stat();
  // Backwards in growing pieces: the tail of a long log is usually in its last block.
  for (let length = Math.min(size, blockSize); ; length = Math.min(size, length * 8)) {
    const piece = Buffer.allocUnsafe(length);
    const { bytesRead } = await handle.read(piece, 0, length, size - length);
    const found = findTail(piece.subarray(0, bytesRead), tail);
    if (found !== undefined) return size - length + found;
    if (length === size) return 0;
  }
}

interface Changes {
  isEnded(): boolean;
  /** A mark of what was seen so far. */
  seen(): number;
  /** Resolves at the first change after the mark. */
  next(mark: number): Promise<void>;
  close(): void;
}

function watchFile(file: string, ended: Promise<unknown>, signal: AbortSignal | undefined): Changes {
  let count = 0;
  let over = false;
  let wake = () => {};
  const tell = () => {
    count++;
    wake();
  };
  const finish = () => {
    over = true;
    tell();
  };
  const watcher = watchOrUndefined(file, tell);
  ended.then(finish, finish);
  signal?.addEventListener("abort", tell, { once: true });
  return {
    isEnded: () => over,
    seen: () => count,
    next: (mark) =>
      new Promise((resolve) => {
        wake = resolve;
        if (count > mark) resolve();
      }),
    close: () => {
      watcher?.close();
      signal?.removeEventListener("abort", tell);
    },
  };
}

function watchOrUndefined(file: string, tell: () => void) {
  try {
    return watch(file, tell).on("error", tell);
  } catch {
    // Gone between two looks; then there is nothing to follow either.
    return undefined;
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT") return undefined;
  throw error;
}
