/**
 * A thread that reads a client's directory for the daemon and sends it as the client itself would. A file system that does not
 * answer holds up nobody else. Started by send-from-here.ts.
 */

import { parentPort } from "node:worker_threads";
import { directoryFilter, sendDirectory } from "../../builders/send-directory.ts";
import { openQueue, type Queue } from "../../buildkit/queue.ts";
import { frame } from "./frames.ts";
import type { FromSender, ToSender } from "./send-from-here.ts";

if (parentPort === null) throw new Error("this is a thread of gantry's daemon, and no program");
const port = parentPort;

/** How much is handed over at once, in bytes, and how many such pieces may be on their way. */
const pieceLength = 64 * 1024;
const piecesAhead = 8;

let requests: Queue<Buffer> = openQueue();
let ahead = 0;
let taken = () => {};

port.on("message", (message: ToSender) => {
  if ("directory" in message) void send(message);
  else if ("requests" in message) for (const request of message.requests) requests.put(Buffer.from(request));
  else {
    ahead--;
    taken();
  }
});

async function send({ directory, exclude, only }: Extract<ToSender, { directory: string }>): Promise<void> {
  requests = openQueue();
  ahead = 0;
  let pending: Uint8Array[] = [];
  let length = 0;
  const tell = (message: FromSender, transfer: readonly ArrayBuffer[] = []) => port.postMessage(message, transfer);
  const flush = () => {
    if (pending.length === 0) return;
    const packets = frame(pending);
    pending = [];
    length = 0;
    ahead++;
    tell({ packets }, [packets.buffer]);
  };
  for await (const packet of sendDirectory({ path: directory }, directoryFilter(exclude, only), requests.items)) {
    // What little there is goes when there is nothing to add to it.
    if (pending.length === 0) setImmediate(flush);
    pending.push(packet);
    length += packet.length;
    if (length < pieceLength) continue;
    flush();
    while (ahead >= piecesAhead)
      await new Promise<void>((resolve) => {
        taken = resolve;
      });
  }
  flush();
  requests.end();
  tell({ over: true });
}
