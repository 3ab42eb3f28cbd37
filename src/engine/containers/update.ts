/** Changes a container's limits and restart policy, also while it runs. */

import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { ContainerUpdateBody, HostConfig } from "../api.ts";
import { badRequest, conflict } from "../refusal.ts";
import { checkRestartPolicy } from "./create/check-host.ts";
import { checkResources } from "./create/check-resources.ts";
import { findBlockDevices } from "./host-devices.ts";
import type { Container } from "./registry.ts";
import { publish, type Room } from "./room.ts";
import { type DeviceNumbers, memoryAndSwap, resourcesSpec } from "./spec/resources.ts";
import { isRunning } from "./state.ts";

export async function updateContainer(
  room: Room,
  container: Container,
  body: ContainerUpdateBody,
): Promise<{ Warnings: string[] }> {
  const { RestartPolicy, ...resources } = body;
  if (RestartPolicy !== undefined) checkRestartPolicy(RestartPolicy);
  // Zero and nothing mean: as it was; but no processes at all means: as many as one likes.
  const changed = Object.fromEntries(
    Object.entries(resources).filter(
      ([key, value]) => value != null && (value !== 0 || key === "PidsLimit") && value !== "" && !isEmptyList(value),
    ),
  );
  await container.exclusively(async () => {
    const { id, state, hostConfig } = container.record;
    if (
      RestartPolicy?.Name !== undefined &&
      !["", "no"].includes(RestartPolicy.Name) &&
      hostConfig.AutoRemove === true
    ) {
      throw badRequest("Restart policy cannot be updated because AutoRemove is enabled for the container");
    }
    const next = {
      ...hostConfig,
      ...changed,
      ...(RestartPolicy?.Name !== undefined && RestartPolicy.Name !== "" && { RestartPolicy }),
    };
    if (!resources.MemorySwap && (resources.Memory ?? 0) > memoryAndSwap(hostConfig)) {
      throw conflict(
        `Cannot update container ${id}: Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time`,
      );
    }
    checkResources(next, room.host.cpus);
    if (isRunning(state) && Object.keys(changed).length > 0) {
      await changeLimits(room, id, resourcesSpec(next, await blockDevices(next)));
    }
    await container.save((record) => ({ ...record, hostConfig: next }), { sync: true });
    publish(room, container.record, "update");
  });
  return { Warnings: [] };
}

const isEmptyList = (value: unknown) => Array.isArray(value) && value.length === 0;

async function blockDevices(host: HostConfig): Promise<DeviceNumbers> {
  const found = await findBlockDevices(host);
  return (file) => {
    const node = found.get(file);
    if (node === undefined) throw new Error(`no such block device: ${file}`);
    return { major: node.major, minor: node.minor };
  };
}

/** PID_MAX_LIMIT (proc_sys_kernel(5)): as many as the kernel can tell apart. crun has no way to say "no limit" here. */
const mostPids = 4_194_304;

async function changeLimits(room: Room, id: string, resources: Record<string, unknown>): Promise<void> {
  // crun opens even `-` by its path, which it cannot where that is a socket, as ours are.
  const file = path.join(room.places.of(id).bundle, "resources.json");
  await writeFile(file, JSON.stringify({ ...resources, pids: resources.pids ?? { limit: mostPids } }), { mode: 0o600 });
  try {
    await room.runtime.update(id, file);
  } finally {
    await rm(file, { force: true });
  }
}
