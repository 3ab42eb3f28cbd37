/** A thread that unpacks layers, one after the other, for the daemon, which has other things to do. Started by unpackers.ts. */

import { parentPort } from "node:worker_threads";
import { decompress } from "./decompress.ts";
import { unpackHashed } from "./unpack-hashed.ts";
import type { FromUnpacker, ToUnpacker } from "./unpackers.ts";

if (parentPort === null) throw new Error("this is a thread of gantry's daemon, and no program");
const port = parentPort;
const tell = (message: FromUnpacker) => port.postMessage(message);

/** What came of the layer at hand and was not yet taken; its end. */
let waiting: ToUnpacker[] = [];
let wake = () => {};

async function* layer(): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) {
    const message = waiting.shift();
    if (message === undefined) await new Promise<void>((resolve) => (wake = resolve));
    else if ("chunks" in message) {
      tell({ taken: true });
      yield Buffer.concat(message.chunks);
    } else if ("end" in message) return;
    else throw new Error("the rest of the layer does not come");
  }
}

port.on("message", (message: ToUnpacker) => {
  if (!("directory" in message)) {
    waiting.push(message);
    wake();
    return;
  }
  waiting = [];
  unpackHashed(decompress(layer()), message.directory).then(
    (unpacked) => tell({ unpacked }),
    (error: unknown) => tell({ failure: error instanceof Error ? error.message : String(error) }),
  );
});
