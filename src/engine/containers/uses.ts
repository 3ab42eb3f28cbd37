/** Which containers use what: looked up in the records. */

import type { ContainerUse, Uses } from "../daemon/rooms.ts";
import type { ContainerRecord } from "./record.ts";
import type { Registry } from "./registry.ts";
import { isRunning } from "./state.ts";

export function usesOf(registry: Pick<Registry, "all">): Uses {
  const those = (uses: (record: ContainerRecord) => boolean): ContainerUse[] =>
    registry
      .all()
      .map(({ record }) => record)
      // What is being removed holds nothing any more.
      .filter((record) => record.phase !== "removing" && uses(record))
      .map(({ id, name, state }) => ({ id, name, running: isRunning(state) }));
  return {
    ofImage: (id) =>
      those(
        ({ image, mounts }) => image.id === id || mounts.some(({ type, source }) => type === "image" && source === id),
      ),
    ofVolume: (name) => those(({ mounts }) => mounts.some((mount) => mount.type === "volume" && mount.name === name)),
  };
}
