/** Takes away what a run of a container has made: process, network, mounts, bundle. Each step may have been done already. */

import { wantsSandbox } from "./network.ts";
import type { ContainerRecord } from "./record.ts";
import type { Room } from "./room.ts";
import { imageMountOf } from "./rootfs/mounted.ts";
import { removeTree } from "./rootfs/remove-tree.ts";
import { cgroupPath } from "./spec/spec.ts";

/** Never rejects: what cannot be taken away is said in the log, and tried again when the daemon starts. */
export async function takeAway(room: Room, record: ContainerRecord): Promise<void> {
  const { id, hostConfig, mounts } = record;
  const { bundle, rootfs, shm } = room.places.of(id);
  const attempt = (what: string, work: Promise<unknown>) =>
    work.catch((error: unknown) => room.ground.log("warn", `cannot ${what}`, { container: id, reason: String(error) }));
  await Promise.all([
    attempt("delete the container from the runtime", room.runtime.delete(id, cgroupPath(id, hostConfig))),
    ...(wantsSandbox(hostConfig) ? [attempt("close its network", room.sandboxes.close(id))] : []),
  ]);
  const images = mounts.flatMap((mount, index) => (mount.type === "image" ? [imageMountOf(bundle, index)] : []));
  const ours = [rootfs, ...images, ...(hostConfig.IpcMode === "shareable" ? [shm] : [])];
  await Promise.all([
    ...ours.map((target) => attempt("unmount", room.mounter.unmount(target))),
    ...mounts.flatMap(({ type, name }) =>
      type === "volume" && name !== undefined ? [attempt("unmount its volume", room.volumes.unmount(name, id))] : [],
    ),
  ]);
  // Where something is mounted still, it stays, with what is in it.
  await attempt("remove its bundle", removeTree(bundle));
}
