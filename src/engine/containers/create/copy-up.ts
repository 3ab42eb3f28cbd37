/** An empty volume gets what the image has at the place where it is mounted. */

import { closeSync, fstatSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { internal } from "../../refusal.ts";
import type { ContainerRecord, MountRecord } from "../record.ts";
import type { Room } from "../room.ts";
import { mountRootfs } from "../rootfs/mounted.ts";
import { isMissing, openInside } from "../rootfs/walk.ts";
import { run } from "../runtime/run.ts";

/** Fills the empty ones among a new container's volumes. */
export async function fillVolumes(room: Room, record: ContainerRecord): Promise<void> {
  const candidates = record.mounts.filter(({ type, copy }) => type === "volume" && copy);
  const sources = await Promise.all(
    candidates.map(async (mount) => {
      const source = await room.volumes.mount(mount.name ?? "", record.id, mount.destination, mount.rw);
      return { mount, source, empty: (await readdir(source)).length === 0 };
    }),
  );
  try {
    const empty = sources.filter((entry) => entry.empty);
    if (empty.length > 0) await copyAll(room, record, empty);
  } finally {
    await Promise.all(candidates.map(({ name }) => room.volumes.unmount(name ?? "", record.id)));
  }
}

interface Target {
  readonly mount: MountRecord;
  readonly source: string;
}

async function copyAll(room: Room, record: ContainerRecord, targets: readonly Target[]): Promise<void> {
  const { rootfs } = room.places.of(record.id);
  await mountRootfs(room, record);
  try {
    for (const { mount, source } of targets) await copyOne(rootfs, mount.destination, source);
  } finally {
    await room.mounter.unmount(rootfs);
  }
}

async function copyOne(rootfs: string, destination: string, volume: string): Promise<void> {
  let from: number;
  try {
    from = openInside(rootfs, destination);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  try {
    if (!fstatSync(from).isDirectory()) {
      throw internal(`cannot mount volume over existing file, file exists ${destination}`);
    }
    // The descriptor stands for the place that was walked to: no link leads cp elsewhere.
    const source = `/proc/${process.pid}/fd/${from}/.`;
    const { code, stderr } = await run("cp", ["--archive", "--reflink=auto", "--", source, volume]);
    if (code !== 0)
      throw internal(`cannot copy the image's content of ${destination} into its volume: ${stderr.trim()}`);
  } finally {
    closeSync(from);
  }
}
