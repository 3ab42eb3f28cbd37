/** What a daemon does when it starts: its predecessor may have been killed at any moment, or the machine have been started anew. */

import { readdir } from "node:fs/promises";
import path from "node:path";
import { sweepTemporary } from "../daemon/durable.ts";
import type { Sandbox } from "../daemon/rooms.ts";
import type { Endings } from "./ended.ts";
import type { Container } from "./registry.ts";
import { removeContainer } from "./remove.ts";
import { restartsWithDaemon } from "./restart-policy.ts";
import { publish, type Room, timestamp } from "./room.ts";
import { removeTree } from "./rootfs/remove-tree.ts";
import { isFrozen } from "./runtime/cgroups.ts";
import { hasProcess, isAlive, type ProcessIdentity } from "./runtime/processes.ts";
import { readMountTable } from "./runtime/view.ts";
import { watchProcesses } from "./runtime/watch-processes.ts";
import { cgroupPath } from "./spec/spec.ts";
import { ended, failedToStart, isRunning, never } from "./state.ts";
import { takeAway } from "./take-away.ts";

/** Resolves with what watches over those that were adopted. */
export async function restoreContainers(room: Room, endings: Endings): Promise<{ close(): void }> {
  const containers = room.registry.all();
  const running = (await Promise.all(containers.map((container) => adopt(room, container)))).flatMap((sandbox) =>
    sandbox === undefined ? [] : [sandbox],
  );
  await room.sandboxes.restore(running.filter((sandbox) => sandbox !== "none"));
  await sweep(room);
  const watch = watchMonitors(room, endings);
  await Promise.all(containers.map((container) => finish(room, endings, container)));
  return watch;
}

/** The monitors of our own containers tell by a pipe that they are gone; those of an earlier daemon's do not. */
function watchMonitors(room: Room, endings: Endings): { close(): void } {
  const monitors = new Map<number, { readonly id: string; readonly monitor: ProcessIdentity }>();
  for (const { id, record } of room.registry.all()) {
    const monitor = record.state.run?.monitor;
    if (isRunning(record.state) && monitor?.bootId === room.ground.bootId) monitors.set(monitor.pid, { id, monitor });
  }
  return watchProcesses(
    [...monitors.keys()],
    (pid) => {
      const ended = monitors.get(pid);
      if (ended !== undefined) endings.noticed(ended.id, ended.monitor);
    },
    (reason) => room.ground.log("error", "the monitors of adopted containers are not watched", { reason }),
  );
}

/** Its sandbox where the container runs on, `none` where it runs without one; undefined where it does not run. */
async function adopt(room: Room, container: Container): Promise<Sandbox | "none" | undefined> {
  const { phase, state } = container.record;
  const { process, sandbox } = state.run ?? {};
  if (phase !== "ready" || !isRunning(state) || process === undefined) return undefined;
  // One that has ended meanwhile is taken note of like any other, when the others are in order again.
  return (await isAlive(process, room.ground.bootId)) ? (sandbox ?? "none") : undefined;
}

const isId = /^[0-9a-f]{64}$/;

/** Takes away what belongs to no container: folders, mounts and bundles that a killed daemon left. */
async function sweep(room: Room): Promise<void> {
  const { places, mounter, runtime, registry, exits } = room;
  const isWanted = (id: string) => {
    const state = registry.get(id)?.record.state;
    return state !== undefined && isRunning(state);
  };
  const orphans = (await readdir(places.bundles)).filter((name) => !isWanted(name));
  const table = await readMountTable();
  const mounts = table.filter(({ target }) =>
    orphans.some((name) => target.startsWith(`${path.join(places.bundles, name)}/`)),
  );
  await Promise.all(orphans.filter((name) => isId.test(name)).map((id) => runtime.delete(id, cgroupPath(id, {}))));
  await Promise.all(mounts.map(({ target }) => mounter.unmount(target)));
  await Promise.all(orphans.map((name) => removeTree(path.join(places.bundles, name))));
  await Promise.all((await exits.list()).filter((id) => !isWanted(id)).map((id) => exits.discard(id)));
  const folders = (await readdir(places.records, { withFileTypes: true })).filter(
    (entry) => entry.isDirectory() && isId.test(entry.name) && registry.get(entry.name) === undefined,
  );
  await Promise.all(folders.map(({ name }) => removeTree(path.join(places.records, name))));
}

async function finish(room: Room, endings: Endings, container: Container): Promise<void> {
  const { id, phase, withVolumes, state, hostConfig } = container.record;
  await sweepTemporary(room.places.of(id).files);
  const attempt = (what: string, work: () => Promise<unknown>) =>
    container.exclusively(work).catch((error: unknown) => {
      if (room.registry.get(id) === undefined) return;
      room.ground.log("error", `cannot ${what}`, { container: id, reason: String(error) });
    });
  if (phase !== "ready") {
    await attempt("finish its removal", async () => {
      await takeAway(room, container.record);
      await removeContainer(room, container, { volumes: phase === "creating" || withVolumes === true });
    });
    return;
  }
  const ran = isRunning(state) || state.status === "restarting";
  const alive = await hasProcess(state.run, room.ground.bootId);
  if (isRunning(state) && alive) {
    await attempt("freeze or let it go, as it should be", () => settleFreezer(room, container));
    // Its monitor may be gone, or its end lie there already: the same as when that happens under our eyes.
    endings.noticed(id);
    return;
  }
  const sameBoot = state.run?.process?.bootId === room.ground.bootId;
  if (isRunning(state)) await attempt("take note of its end", () => bury(room, container, sameBoot));
  else if (state.run !== undefined) await attempt("undo its start", () => undoStart(room, container));
  const now = container.record;
  if (restartsWithDaemon(hostConfig.RestartPolicy, { ...now.state, ran, begun: now.state.startedAt !== never })) {
    await attempt("start it", async () => {
      if (isRunning(container.record.state)) return;
      await endings.giveUp(container);
      await endings.start(container, false);
    });
  } else if (now.state.status === "restarting") {
    await attempt("give up starting it again", () => endings.giveUp(container));
  } else if (ran && hostConfig.AutoRemove === true) {
    await attempt("remove it", () => removeContainer(room, container, { volumes: true }));
  }
}

/** A pause, its end or a commit may have been cut off: what the record says holds. */
async function settleFreezer({ host, runtime }: Room, { record }: Container): Promise<void> {
  const { id, state, hostConfig } = record;
  const isHeld = await isFrozen(host.cgroups, cgroupPath(id, hostConfig));
  if (state.status === "paused" && !isHeld) await runtime.pause(id);
  if (state.status === "running" && isHeld) await runtime.resume(id);
}

/** It ended while no daemon looked: with what conmon wrote down, or by the end of everything. */
async function bury(room: Room, container: Container, sameBoot: boolean): Promise<void> {
  // Whoever watches monitors may have been quicker.
  if (!isRunning(container.record.state)) return;
  const exitCode = (sameBoot ? await room.exits.read(container.id) : undefined) ?? 255;
  await takeAway(room, container.record);
  await room.exits.discard(container.id);
  const end = { exitCode, oomKilled: false, at: timestamp(), restart: false };
  await container.save((record) => ({ ...record, state: ended(record.state, end) }), { sync: false });
  publish(room, container.record, "die", { exitCode: String(exitCode) });
  container.tell("ended");
}

async function undoStart(room: Room, container: Container): Promise<void> {
  await takeAway(room, container.record);
  await container.save(
    (record) => ({
      ...record,
      state: failedToStart(record.state, "the daemon ended while the container was started", 128),
    }),
    { sync: false },
  );
}
