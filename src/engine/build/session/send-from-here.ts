/**
 * Directories of clients that see the same files as the daemon, with the same rights: they are read here, and need not come through
 * a connection. What is told of them, and what is not, is decided by the same code (send-directory.ts).
 */

import { stat } from "node:fs/promises";
import path from "node:path";
import type { GrpcStream } from "../../buildkit/grpc-client.ts";
import { openQueue } from "../../buildkit/queue.ts";
import { placeRequest, placeResponse, sessionPath } from "../../buildkit/session-messages.ts";
import { vantageOf } from "../../buildkit/vantage.ts";
import { openThreads } from "../../daemon/threads.ts";
import { framesIn } from "./frames.ts";
import type { Session } from "./open-sessions.ts";

export type ToSender =
  | { readonly directory: string; readonly exclude: readonly string[]; readonly only: readonly string[] }
  /** Packets of the exchange. */
  | { readonly requests: readonly Uint8Array[] }
  | { readonly taken: true };

export type FromSender =
  /** Framed (frames.ts). */
  { readonly packets: Uint8Array } | { readonly over: true };

/** Builds follow each other when somebody works: a thread that has been at it before takes a third of the time. */
const idleTime = 60_000;
const threads = openThreads(path.join(import.meta.dirname, "send-worker.ts"), "send.cjs", idleTime);

/**
 * Where a client's directory lies; undefined where the client does not say, or it is not certain that it is the same one here. Who
 * may build may mount any directory of the host, so nothing is given away to a client that lies.
 */
export async function placeHere(session: Session, name: string, signal: AbortSignal): Promise<string | undefined> {
  if (!session.answers(sessionPath.place)) return undefined;
  const types = { request: placeRequest, response: placeResponse };
  try {
    const {
      path: place,
      vantage,
      device,
      inode,
    } = await session.client.ask(sessionPath.place, types, { name }, { signal });
    if (vantage !== vantageOf()) return undefined;
    const { dev, ino } = await stat(place, { bigint: true });
    return BigInt.asIntN(64, dev) === device && BigInt.asIntN(64, ino) === inode ? place : undefined;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** The directory as its client would send it. */
export function sendFromHere(
  directory: string,
  { exclude, only }: { readonly exclude: readonly string[]; readonly only: readonly string[] },
  signal: AbortSignal,
): GrpcStream {
  const thread = threads.take();
  const post = (message: ToSender) => thread.postMessage(message);
  const pieces = openQueue<Uint8Array>();
  const hear = (message: FromSender) => {
    if ("packets" in message) pieces.put(message.packets);
    else {
      leave();
      pieces.end();
      threads.giveBack(thread);
    }
  };
  const lost = (error?: unknown) => {
    leave();
    pieces.fail(error instanceof Error ? error : new Error(`the thread that reads ${directory} is gone`));
  };
  const giveUp = () => {
    leave();
    pieces.fail(signal.reason);
    // It may be waiting for a file system.
    void thread.terminate();
  };
  const leave = () => {
    thread.off("message", hear).off("error", lost).off("exit", lost);
    signal.removeEventListener("abort", giveUp);
  };
  thread.on("message", hear).on("error", lost).on("exit", lost);
  signal.addEventListener("abort", giveUp);
  post({ directory, exclude, only });
  let requests: Uint8Array[] = [];
  /** Then the thread ends by itself, even if its last word is not waited for. */
  let isEnding = false;
  return {
    send: (message) => {
      if (requests.length === 0)
        process.nextTick(() => {
          post({ requests });
          requests = [];
        });
      requests.push(message);
    },
    end: () => {
      isEnding = true;
    },
    messages: (async function* () {
      try {
        for await (const piece of pieces.items) {
          post({ taken: true });
          yield* framesIn(piece);
        }
      } finally {
        if (!isEnding) giveUp();
      }
    })(),
  };
}
