/** The call for what a container has changed of its image's files: what overlayfs keeps in its upper layer. */

import { lstat, readdir } from "node:fs/promises";
import path from "node:path";
import type { Engine } from "../../api.ts";
import type { Room } from "../room.ts";

type Changes = NonNullable<Awaited<ReturnType<Engine["containerChanges"]>>>;

export function answerChanges(room: Room): Pick<Engine, "containerChanges"> {
  return {
    containerChanges: async ({ id }) => {
      const { record } = room.registry.find(id);
      const layers = await room.images.layers(room.images.find(record.image.id));
      const mountPoints = new Set([...madeByEngine, ...record.mounts.map(({ destination }) => destination)]);
      const lowers = [room.places.init, ...layers].toReversed();
      const changes = await compare(room.places.of(record.id).upper, lowers, mountPoints);
      return changes.length === 0 ? null : changes;
    },
  };
}

/** What the runtime makes to mount something on, and not every container needs: no change of the container's. */
const madeByEngine = ["/sbin/docker-init"];

/** `lowers`: the layers below, the uppermost first. Sorted by path, as docker has it. */
async function compare(upper: string, lowers: readonly string[], mountPoints: ReadonlySet<string>): Promise<Changes> {
  const changes: Changes = [];
  const visit = async (folder: string): Promise<boolean> => {
    let changed = false;
    for (const entry of (await readdir(path.join(upper, folder), { withFileTypes: true })).toSorted(byName)) {
      const file = path.posix.join("/", folder, entry.name);
      const isBelow = await isIn(lowers, file);
      if (entry.isCharacterDevice() && (await lstat(path.join(upper, file))).rdev === 0) {
        if (isBelow) changes.push({ Path: file, Kind: 2 });
        changed = true;
        continue;
      }
      const at = changes.length;
      const hasChanges = entry.isDirectory() && (await visit(file));
      const isOurs = mountPoints.has(file) || [...mountPoints].some((point) => point.startsWith(`${file}/`));
      // A directory in the upper layer may only be there for what is in it.
      if (isOurs && !hasChanges) continue;
      changes.splice(at, 0, { Path: file, Kind: isBelow ? 0 : 1 });
      changed = true;
    }
    return changed;
  };
  await visit("");
  return changes;
}

const byName = (a: { readonly name: string }, b: { readonly name: string }) => (a.name < b.name ? -1 : 1);

async function isIn(lowers: readonly string[], file: string): Promise<boolean> {
  for (const lower of lowers) {
    const stats = await lstat(path.join(lower, file)).catch(() => undefined);
    if (stats === undefined) continue;
    // A whiteout hides what the layers below it have.
    return !(stats.isCharacterDevice() && stats.rdev === 0);
  }
  return false;
}
