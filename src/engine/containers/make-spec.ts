/** Looks up on the host what a container's config.json needs, and makes the files and namespaces that it names. */

import { mkdir, writeFile } from "node:fs/promises";
import { internal } from "../refusal.ts";
import { findBlockDevices, findDevices } from "./host-devices.ts";
import { nameFilesIn, nameFilesOf, namespaceWish, sandboxRequest, wantsSandbox, writeHostFiles } from "./network.ts";
import type { ContainerRecord, RunRecord } from "./record.ts";
import { hostnameOf, partnerOf, type Room } from "./room.ts";
import { readInside } from "./rootfs/walk.ts";
import type { SpecMount } from "./spec/mounts.ts";
import { containerSpec } from "./spec/spec.ts";
import { resolveUser } from "./spec/user.ts";

/** Makes its network, with the files about names; undefined where it has no sandbox of its own. */
export async function openNetwork(room: Room, record: ContainerRecord): Promise<RunRecord["sandbox"]> {
  const { hostConfig } = record;
  const { files } = room.places.of(record.id);
  if (partnerOf(hostConfig.NetworkMode) !== undefined) return undefined;
  await writeFile(nameFilesIn(files).hostname, `${hostnameOf(record, room.host)}\n`, { mode: 0o644 });
  if (wantsSandbox(hostConfig)) return room.sandboxes.open(sandboxRequest(room, record));
  await writeHostFiles(room, record);
  return undefined;
}

/** config.json of a container whose root file system is mounted and whose network is there. EngineError for what cannot be had. */
export async function makeSpec(
  room: Room,
  record: ContainerRecord,
  mounts: readonly SpecMount[],
): Promise<Record<string, unknown>> {
  const { id, config, hostConfig } = record;
  const { rootfs } = room.places.of(id);
  const [devices, blockDevices, shm] = await Promise.all([
    findDevices(hostConfig),
    findBlockDevices(hostConfig),
    shmOf(room, record),
  ]);
  if ((hostConfig.DeviceRequests ?? []).length > 0) {
    const [{ Driver = "", Capabilities = [] } = {}] = hostConfig.DeviceRequests ?? [];
    const asked = Capabilities.map((set) => `[${set.join(" ")}]`).join(" ");
    throw internal(`could not select device driver "${Driver}" with capabilities: [${asked}]`);
  }
  return containerSpec({
    id,
    config,
    hostConfig,
    hostname: hostnameOf(record, room.host),
    rootfs,
    files: nameFilesOf(room, record),
    mounts,
    shm,
    init: hostConfig.Init === true ? initProgram(room) : undefined,
    user: resolveUser(
      config.User ?? "",
      readInside(rootfs, "/etc/passwd", mostPasswd),
      readInside(rootfs, "/etc/group", mostPasswd),
      hostConfig.GroupAdd ?? [],
    ),
    namespaces: {
      pid: namespaceWish(room, hostConfig.PidMode, "pid"),
      network: namespaceOfNetwork(room, record),
      ipc: namespaceWish(room, hostConfig.IpcMode, "ipc"),
      uts: hostConfig.UTSMode === "host" ? "host" : "new",
      cgroup: hostConfig.CgroupnsMode === "host" ? "host" : "new",
    },
    devices,
    blockDevices,
    seccomp: room.host.seccomp,
    host: { ...room.host, cgroups: room.host.cgroups.layout !== "none" },
  });
}

/** The files may be hostile: more than this is not read. */
const mostPasswd = 1024 * 1024;

function namespaceOfNetwork(room: Room, { hostConfig, state }: ContainerRecord): ReturnType<typeof namespaceWish> {
  const netns = state.run?.sandbox?.netns;
  return netns === undefined ? namespaceWish(room, hostConfig.NetworkMode, "net") : { path: netns };
}

function initProgram({ host }: Room): string {
  if (host.init === undefined) {
    throw internal("no init program is installed: --init needs tini (package tini), docker-init or catatonit");
  }
  return host.init;
}

async function shmOf(
  room: Room,
  { id, hostConfig }: ContainerRecord,
): Promise<{ size: number } | { source: string } | undefined> {
  const { IpcMode = "private", ShmSize = 0 } = hostConfig;
  if (IpcMode === "none") return undefined;
  if (IpcMode === "host") return { source: "/dev/shm" };
  const partner = partnerOf(IpcMode);
  if (partner !== undefined) return { source: room.places.of(room.registry.find(partner).id).shm };
  if (IpcMode !== "shareable") return { size: ShmSize };
  const target = room.places.of(id).shm;
  await mkdir(target, { recursive: true, mode: 0o1777 });
  const options = ["nosuid", "noexec", "nodev", "mode=1777", `size=${ShmSize}`];
  await room.mounter.mount({ type: "tmpfs", source: "shm", target, options });
  return { source: target };
}
