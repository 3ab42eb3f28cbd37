/** Removes a container that has no process: its own layer, its files, its record, and on demand its anonymous volumes. */

import type { Container } from "./registry.ts";
import { publish, type Room } from "./room.ts";
import { removeTree } from "./rootfs/remove-tree.ts";

/** To be called exclusively. `volumes`: the anonymous ones go too. */
export async function removeContainer(
  room: Room,
  container: Container,
  options: { readonly volumes: boolean },
): Promise<void> {
  const { id, mounts } = container.record;
  const anonymous = options.volumes
    ? mounts.flatMap(({ anonymous, name }) => (anonymous && name !== undefined ? [name] : []))
    : [];
  // Without its record, its folder is swept when the daemon starts; volumes have records of their own, so the intent is written.
  await container.save((record) => ({ ...record, phase: "removing", withVolumes: options.volumes }), {
    sync: anonymous.length > 0,
  });
  await room.volumes.removeAnonymous(anonymous);
  const last = container.record;
  await room.registry.remove(container);
  await removeTree(room.places.of(id).folder);
  publish(room, last, "destroy");
  container.tell("removed");
}
