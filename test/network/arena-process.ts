/** The networks' room alone in a process of its own, in a network namespace of its own; driven by messages. */

import { mkdir } from "node:fs/promises";
import path from "node:path";
import { openEventLog } from "../../src/engine/daemon/event-log.ts";
import type { Ground } from "../../src/engine/daemon/ground.ts";
import { openNetworks } from "../../src/engine/networks/open.ts";

const [root = ""] = process.argv.slice(2);
const ground: Ground = {
  dataRoot: path.join(root, "data"),
  execRoot: path.join(root, "exec"),
  bootId: "test",
  events: openEventLog(() => BigInt(Date.now()) * 1_000_000n),
  log: (level, message, details) => process.send?.({ log: [level, message, details] }),
};
await mkdir(ground.dataRoot, { recursive: true });
await mkdir(ground.execRoot, { recursive: true });
const room = await openNetworks(ground);

/** A call: the part of the room, the method, the arguments. */
process.on(
  "message",
  async ({ id, part, method, args }: { id: number; part: string; method: string; args: unknown[] }) => {
    try {
      const target = { api: room.api, sandboxes: room.sandboxes, room }[part] ?? {};
      const result = await Reflect.apply(Reflect.get(target, method), target, args);
      process.send?.({ id, result });
    } catch (error) {
      process.send?.({
        id,
        error: { message: String(Reflect.get(Object(error), "message")), status: Reflect.get(Object(error), "status") },
      });
    }
  },
);
process.on("disconnect", () => process.exit());
void (async () => {
  for await (const event of ground.events.listen({})) process.send?.({ event });
})();
process.send?.({ ready: true });
