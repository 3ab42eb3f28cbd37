/** Layers unpacked beside each other, each in a thread: hashing and reading a tar would hold up all else that the daemon does. */

import path from "node:path";
import type { Worker } from "node:worker_threads";
import { openThreads } from "../daemon/threads.ts";
import { decompress } from "./decompress.ts";
import { type Unpacked, unpackHashed } from "./unpack-hashed.ts";

export type ToUnpacker =
  /** A layer begins: where it is unpacked to. */
  | { readonly directory: string }
  | { readonly chunks: readonly Uint8Array[] }
  | { readonly end: true }
  /** There will be no more of it. */
  | { readonly abort: true };

export type FromUnpacker = { readonly taken: true } | { readonly unpacked: Unpacked } | { readonly failure: string };

/** How many pieces may be on their way to a thread. */
const piecesAhead = 4;
const threads = openThreads(path.join(import.meta.dirname, "unpack-worker.ts"), "unpack.cjs", 3000);

/**
 * Unpacks a layer as it travels, compressed or not; its chunks are this function's to keep. `directory` is there, and empty; where
 * it fails, what is in it is the caller's to remove. Throws Error for a bad layer, and what `source` throws.
 */
export async function unpack(source: AsyncIterable<readonly Uint8Array[]>, directory: string): Promise<Unpacked> {
  const pieces = source[Symbol.asyncIterator]();
  const first = await pieces.next();
  const second = first.done === true ? first : await pieces.next();
  const all = (async function* () {
    try {
      if (first.done !== true) yield first.value;
      for (let next = second; next.done !== true; next = await pieces.next()) yield next.value;
    } finally {
      await pieces.return?.();
    }
  })();
  // A small one is not worth a thread.
  if (second.done === true) return unpackHashed(decompress(flat(all)), directory);
  const thread = threads.take();
  try {
    return await converse(thread, all, directory);
  } finally {
    threads.giveBack(thread);
  }
}

/** Hands a layer over piece by piece, as fast as they are taken. */
async function converse(
  thread: Worker,
  source: AsyncIterable<readonly Uint8Array[]>,
  directory: string,
): Promise<Unpacked> {
  const post = (message: ToUnpacker, transfer: readonly ArrayBuffer[] = []) => thread.postMessage(message, transfer);
  let ahead = 0;
  let isOver = false;
  let wake = () => {};
  const { promise, resolve, reject } = Promise.withResolvers<Unpacked>();
  const end = () => {
    isOver = true;
    wake();
  };
  promise.then(end, end);
  const hear = (message: FromUnpacker) => {
    if ("taken" in message) {
      ahead--;
      wake();
    } else if ("unpacked" in message) resolve(message.unpacked);
    else reject(new Error(message.failure));
  };
  const lost = (error?: unknown) =>
    reject(error instanceof Error ? error : new Error("the thread that unpacks is gone"));
  thread.on("message", hear).on("error", lost).on("exit", lost);
  try {
    post({ directory });
    for await (const chunks of source) {
      while (ahead >= piecesAhead && !isOver) await new Promise<void>((go) => (wake = go));
      if (isOver) break;
      // Handed over, not copied: they are no garbage here, of which there would be as much as there are layers.
      const own = chunks.map(owned);
      ahead++;
      post(
        { chunks: own },
        own.map(({ buffer }) => buffer),
      );
    }
    if (!isOver) post({ end: true });
    return await promise;
  } catch (error) {
    if (!isOver) post({ abort: true });
    // Nothing is written any more when this is told.
    await promise.catch(() => {});
    throw error;
  } finally {
    thread.off("message", hear).off("error", lost).off("exit", lost);
  }
}

async function* flat(source: AsyncIterable<readonly Uint8Array[]>): AsyncGenerator<Uint8Array> {
  for await (const chunks of source) yield* chunks;
}

/** The same bytes in memory of their own, which can change hands. */
function owned(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = chunk;
  if (buffer instanceof ArrayBuffer && byteOffset === 0 && byteLength === buffer.byteLength)
    return new Uint8Array(buffer);
  return new Uint8Array(chunk);
}
