/** Starts a container: everything that it needs is made, conmon and the runtime hold it, and its program runs. */

import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { EngineError } from "../../errors.ts";
import { internal } from "../refusal.ts";
import { findBlockDevices, findDevices } from "./host-devices.ts";
import { logOf } from "./log.ts";
import { nameFilesIn, nameFilesOf, namespaceWish, sandboxRequest, wantsSandbox, writeHostFiles } from "./network.ts";
import type { ContainerRecord, RunRecord } from "./record.ts";
import type { Container } from "./registry.ts";
import { hostnameOf, partnerOf, publish, type Room, timestamp } from "./room.ts";
import { mountRootfs, sourceOf } from "./rootfs/mounted.ts";
import { readInside } from "./rootfs/walk.ts";
import { identify } from "./runtime/processes.ts";
import { startFailure } from "./runtime-error.ts";
import type { SpecMount } from "./spec/mounts.ts";
import { commandOf } from "./spec/process.ts";
import { containerSpec, renderSpec } from "./spec/spec.ts";
import { resolveUser } from "./spec/user.ts";
import { failedToStart, started, starting } from "./state.ts";
import { takeAway } from "./take-away.ts";

export interface StartOptions {
  /** A call asked for it; else its restart policy, or the daemon that starts. */
  readonly byCall: boolean;
  /** Called when conmon is gone, which it should only be after the container. */
  readonly monitorGone: () => void;
}

/**
 * To be called exclusively, for a container without a process. Rejects with EngineError in docker's words; everything that
 * was made is taken away again then, and its state says why.
 */
export async function startContainer(room: Room, container: Container, options: StartOptions): Promise<void> {
  await container.save((record) => ({ ...record, state: starting(record.state) }), { sync: false });
  try {
    const run = await launch(room, container, options.monitorGone);
    const at = timestamp();
    await container.save((record) => ({ ...record, state: started(record.state, run, at, options.byCall) }), {
      sync: false,
    });
  } catch (cause) {
    await takeAway(room, container.record);
    const [program = ""] = commandOf(container.record.config);
    const { error, exitCode } =
      cause instanceof EngineError ? { error: cause, exitCode: 128 } : startFailure(cause, program);
    await container.save((record) => ({ ...record, state: failedToStart(record.state, error.message, exitCode) }), {
      sync: false,
    });
    throw error;
  }
  publish(room, container.record, "start");
  container.tell("started");
}

async function launch(room: Room, container: Container, monitorGone: () => void): Promise<RunRecord> {
  const { record } = container;
  const { id, config } = record;
  const places = room.places.of(id);
  await mkdir(places.bundle, { recursive: true, mode: 0o700 });
  await mkdir(places.files, { recursive: true, mode: 0o700 });
  const [sandbox, mounts] = await Promise.all([
    openNetwork(room, record),
    mountAll(room, record),
    mountRootfs(room, record),
  ]);
  const run: RunRecord = sandbox === undefined ? {} : { sandbox };
  await container.save((before) => ({ ...before, state: { ...before.state, run } }), { sync: false });

  const filter = await room.filters.take(await makeSpec(room, record, mounts));
  await Promise.all([
    writeFile(path.join(places.bundle, "config.json"), renderSpec(filter.spec), { mode: 0o600 }),
    room.exits.discard(id),
    rm(path.join(places.bundle, "oom"), { force: true }),
  ]);
  const log = logOf(record.hostConfig, places.log);
  const launched = await room.runtime
    .create({
      id,
      bundle: places.bundle,
      ...(log !== undefined && { log }),
      terminal: config.Tty === true,
      stdin: config.OpenStdin === true ? (config.StdinOnce === true ? "once" : "open") : "none",
    })
    .finally(() => filter.learn(id));
  const { bootId } = room.ground;
  const [process, monitor] = await Promise.all([identify(launched.pid, bootId), identify(launched.monitorPid, bootId)]);
  const whole = { ...run, ...(process !== undefined && { process }), ...(monitor !== undefined && { monitor }) };
  // On disk before the program runs: whoever comes after us must find its process.
  await container.save((before) => ({ ...before, state: { ...before.state, run: whole } }), { sync: false });
  await room.runtime.start(id);
  void launched.monitorGone.then(monitorGone);
  return whole;
}

async function openNetwork(room: Room, record: ContainerRecord): Promise<RunRecord["sandbox"]> {
  const { hostConfig } = record;
  const { files } = room.places.of(record.id);
  if (partnerOf(hostConfig.NetworkMode) !== undefined) return undefined;
  await writeFile(nameFilesIn(files).hostname, `${hostnameOf(record, room.host)}\n`, { mode: 0o644 });
  if (wantsSandbox(hostConfig)) return room.sandboxes.open(sandboxRequest(room, record));
  await writeHostFiles(room, record);
  return undefined;
}

async function mountAll(room: Room, record: ContainerRecord): Promise<readonly SpecMount[]> {
  return Promise.all(
    record.mounts.map(async (mount): Promise<SpecMount> => {
      const { destination, rw, recursive, propagation, options } = mount;
      if (mount.type === "tmpfs") return { destination, type: "tmpfs", source: "tmpfs", options };
      const source = await sourceOf(room, record, mount);
      const kind = recursive ? "rbind" : "bind";
      const access = rw ? [] : ["ro"];
      return { destination, type: "bind", source, options: [kind, propagation || "rprivate", ...access, ...options] };
    }),
  );
}

async function makeSpec(
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
