/** A container's files as its processes see them, also when it has none. */

import type { ContainerRecord, MountRecord } from "../record.ts";
import type { Container } from "../registry.ts";
import type { Room } from "../room.ts";
import { mountRootfs, sourceOf } from "../rootfs/mounted.ts";
import { isAlive } from "../runtime/processes.ts";
import { isRunning } from "../state.ts";

/** A directory of the host that is the root for `path`. Nothing in it is to be trusted. */
export interface FileView {
  readonly root: string;
  readonly path: string;
  /** What lies there may not be changed: why not. */
  readonly readonly: string | undefined;
}

/**
 * Works on a path of a container. One that runs shows its files itself: root file system, volumes, binds, and what was
 * mounted later. Of one that does not, the root file system is mounted for the work, or the volume that the path lies in.
 */
export async function withFiles<T>(
  room: Room,
  container: Container,
  path: string,
  work: (view: FileView) => Promise<T>,
): Promise<T> {
  const { record } = container;
  const mount = mountAround(record, path);
  const readonly = whyReadonly(record, mount);
  const process = record.state.run?.process;
  if (isRunning(record.state) && process !== undefined && (await isAlive(process, room.ground.bootId))) {
    // The dot: what the link in /proc leads to, which a walk that follows no link could not enter.
    return work({ root: `/proc/${process.pid}/root/.`, path, readonly });
  }
  return container.exclusively(async () => {
    if (isRunning(container.record.state)) return work({ root: room.places.of(record.id).rootfs, path, readonly });
    if (mount !== undefined && (mount.type === "volume" || mount.type === "bind")) {
      return workInMount(room, container.record, mount, path, (view) => work({ ...view, readonly }));
    }
    const { rootfs } = room.places.of(record.id);
    await mountRootfs(room, container.record);
    try {
      return await work({ root: rootfs, path, readonly });
    } finally {
      await room.mounter.unmount(rootfs);
    }
  });
}

async function workInMount<T>(
  room: Room,
  record: ContainerRecord,
  mount: MountRecord,
  path: string,
  work: (view: Pick<FileView, "root" | "path">) => Promise<T>,
): Promise<T> {
  const root = await sourceOf(room, record, mount);
  try {
    return await work({ root, path: `/${normalise(path).slice(normalise(mount.destination).length)}` });
  } finally {
    if (mount.type === "volume" && mount.name !== undefined) await room.volumes.unmount(mount.name, record.id);
  }
}

/** The innermost mount that a path lies in, by its name. */
function mountAround({ mounts }: ContainerRecord, path: string): MountRecord | undefined {
  const within = (mount: MountRecord) => `${normalise(path)}/`.startsWith(`${normalise(mount.destination)}/`);
  return mounts.filter(within).toSorted((a, b) => b.destination.length - a.destination.length)[0];
}

function whyReadonly({ hostConfig }: ContainerRecord, mount: MountRecord | undefined): string | undefined {
  if (mount !== undefined) return mount.rw ? undefined : "mounted volume is marked read-only";
  return hostConfig.ReadonlyRootfs === true ? "container rootfs is marked read-only" : undefined;
}

/** Without `.`, `..` and doubled slashes; absolute, and no slash at its end but for the root's. */
export function normalise(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.length === 0 ? "" : `/${parts.join("/")}`;
}
