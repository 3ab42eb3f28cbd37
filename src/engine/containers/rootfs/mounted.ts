/** Mounts what a container is made of: its root file system, and where its volumes, binds and images lie. */

import { readlinkSync } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import path from "node:path";
import { badRequest, internal } from "../../refusal.ts";
import type { ContainerRecord, MountRecord } from "../record.ts";
import type { Room } from "../room.ts";
import { overlayMount, readonlyOverlayMount } from "./overlay.ts";
import { inside, isMissing } from "./walk.ts";

/** Mounts the root file system of a container without a process. */
export async function mountRootfs(room: Room, { id, image }: ContainerRecord): Promise<void> {
  const { upper, work, rootfs } = room.places.of(id);
  const layers = [room.places.init, ...(await room.images.layers(room.images.find(image.id)))];
  await mkdir(rootfs, { recursive: true, mode: 0o700 });
  await room.mounter.mount(await overlayMount({ layers, upper, work, target: rootfs }, room.places.links));
}

/** Where the content of a mount lies on the host; volumes and images are mounted for it. EngineError 400 for a bind of nothing. */
export async function sourceOf(room: Room, record: ContainerRecord, mount: MountRecord): Promise<string> {
  switch (mount.type) {
    case "volume": {
      const source = await room.volumes.mount(mount.name ?? "", record.id, mount.destination, mount.rw);
      return subpathOf(source, mount);
    }
    case "image":
      return subpathOf(await mountImage(room, record, mount), mount);
    default:
      await stat(mount.source).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
        throw badRequest(
          `invalid mount config for type "bind": bind source path does not exist: ${mount.source}`,
          error,
        );
      });
      return mount.source;
  }
}

/** Mounts below a bundle that images have there: by the mount's place among the container's. */
export const imageMountOf = (bundle: string, index: number) => path.join(bundle, `image-${index}`);

async function mountImage(room: Room, record: ContainerRecord, mount: MountRecord): Promise<string> {
  const target = imageMountOf(room.places.of(record.id).bundle, record.mounts.indexOf(mount));
  const layers = await room.images.layers(room.images.find(mount.source));
  await mkdir(target, { recursive: true, mode: 0o700 });
  await room.mounter.mount(await readonlyOverlayMount(layers, target, room.places.links));
  return target;
}

/** A part of a volume or image: its content is untrusted, so that the way there is walked, and what was found is what is mounted. */
function subpathOf(source: string, { subpath, name = "" }: MountRecord): string {
  if (subpath === undefined) return source;
  try {
    // The real path of what was opened inside; a link in it cannot be followed later.
    return inside(source, subpath, (fd) => readlinkSync(`/proc/self/fd/${fd}`));
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw internal(`cannot access path ${path.join(name, subpath)}: no such file or directory`, error);
  }
}
