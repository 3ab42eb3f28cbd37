/** Looks up on the host the devices that a container is to have. */

import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import type { HostConfig } from "../api.ts";
import { internal } from "../refusal.ts";
import type { DeviceNode, WantedDevice } from "./spec/devices.ts";

/** Those of `Devices`, a directory standing for all in it; for a privileged container all of the host's. */
export async function findDevices({ Devices, Privileged }: HostConfig): Promise<readonly WantedDevice[]> {
  if (Privileged === true) return (await devicesBelow("/dev", "/dev")).map((device) => ({ ...device, access: "rwm" }));
  const lists = await Promise.all(
    (Devices ?? []).map(async ({ PathOnHost, PathInContainer, CgroupPermissions }) => {
      const target = PathInContainer || PathOnHost;
      const found = await devicesBelow(PathOnHost, target).catch((error: unknown) => {
        throw internal(
          `error gathering device information while adding custom device "${PathOnHost}": ${sayWhy(error)}`,
          error,
        );
      });
      if (found.length === 0) {
        throw internal(
          `error gathering device information while adding custom device "${PathOnHost}": not a device node`,
        );
      }
      return found.map((device) => ({ ...device, access: CgroupPermissions || "rwm" }));
    }),
  );
  return lists.flat();
}

/** The block devices that limits name. */
export async function findBlockDevices(host: HostConfig): Promise<ReadonlyMap<string, DeviceNode>> {
  const lists = [
    host.BlkioWeightDevice,
    host.BlkioDeviceReadBps,
    host.BlkioDeviceWriteBps,
    host.BlkioDeviceReadIOps,
    host.BlkioDeviceWriteIOps,
  ];
  const paths = new Set(lists.flatMap((list) => (list ?? []).map(({ Path }) => Path)));
  const found = await Promise.all(
    [...paths].map(async (file): Promise<[string, DeviceNode]> => {
      const node = await readNode(file).catch((error: unknown) => {
        throw internal(`no such device: ${file}: ${sayWhy(error)}`, error);
      });
      if (node === undefined) throw internal(`no such device: ${file}`);
      return [file, node];
    }),
  );
  return new Map(found);
}

async function devicesBelow(file: string, target: string): Promise<readonly Omit<WantedDevice, "access">[]> {
  const node = await readNode(file);
  if (node !== undefined) return [{ path: target, node }];
  if (!(await stat(file)).isDirectory()) return [];
  const lists = await Promise.all(
    (await readdir(file, { withFileTypes: true }))
      // These are mounts of their own, and every container has its own of them.
      .filter(({ name }) => !ownMounts.includes(path.join(file, name)))
      .filter((entry) => !entry.isSymbolicLink())
      .map(({ name }) => devicesBelow(path.join(file, name), path.join(target, name))),
  );
  return lists.flat();
}

const ownMounts = ["/dev/pts", "/dev/shm", "/dev/mqueue", "/dev/fd", "/dev/console", "/dev/ptmx"];

/** A device's numbers; undefined where the path names something else. */
async function readNode(file: string): Promise<DeviceNode | undefined> {
  const { rdev, mode, uid, gid } = await stat(file);
  const type = (mode & 0o170000) === 0o020000 ? "c" : (mode & 0o170000) === 0o060000 ? "b" : undefined;
  if (type === undefined) return undefined;
  // As makedev(3) puts them together.
  const major = ((rdev >> 8) & 0xfff) | (Math.floor(rdev / 2 ** 32) & ~0xfff);
  const minor = (rdev & 0xff) | (Math.floor(rdev / 2 ** 12) & 0xfff00);
  return { type, major, minor, mode, uid, gid };
}

function sayWhy(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOENT" ? "no such file or directory" : error instanceof Error ? error.message : String(error);
}
