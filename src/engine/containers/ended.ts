/** What is done when a container's process has ended: take away, say so, start again where its policy asks for it. */

import { access } from "node:fs/promises";
import path from "node:path";
import type { Container } from "./registry.ts";
import { removeContainer } from "./remove.ts";
import { restartDelay, restartsAfter } from "./restart-policy.ts";
import { publish, type Room, timestamp } from "./room.ts";
import { processesIn } from "./runtime/cgroups.ts";
import { isAlive, type ProcessIdentity } from "./runtime/processes.ts";
import { cgroupPath } from "./spec/spec.ts";
import { startContainer } from "./start.ts";
import { ended, givenUp, isRunning } from "./state.ts";
import { takeAway } from "./take-away.ts";

/** The exit code of a container whose monitor is gone: what it was is not known. */
const unknownCode = 255;

export interface Endings {
  /** A container's process has ended, or this very monitor is gone; called as often as one likes. */
  noticed(id: string, monitor?: ProcessIdentity): void;
  /** Starts a container; its end will be noticed. To be called exclusively. */
  start(container: Container, byCall: boolean): Promise<void>;
  /** It is not started again: stops waiting. */
  giveUp(container: Container): Promise<void>;
  /** The daemon ends: nothing is started any more, containers go on. */
  close(): void;
}

/** `begun` is told of each container that was started. */
export function watchEndings(room: Room, begun: (container: Container) => void): Endings {
  /** Who waits to be started again, and how long each waited the last time. */
  const timers = new Map<string, NodeJS.Timeout>();
  const delays = new Map<string, number>();
  let closed = false;

  const start = async (container: Container, byCall: boolean) => {
    if (byCall) delays.delete(container.id);
    await startContainer(room, container, { byCall, monitorGone: (monitor) => noticed(container.id, monitor) });
    begun(container);
  };

  const noticed = (id: string, gone?: ProcessIdentity) => {
    const container = room.registry.get(id);
    if (closed) return;
    // Its exit code comes after its removal, or it is removed meanwhile: nobody asks for that any more.
    if (container === undefined) return void room.exits.discard(id);
    container
      .exclusively(() => settle(container, gone))
      .catch((error: unknown) => {
        if (room.registry.get(id) === undefined) return void room.exits.discard(id);
        room.ground.log("error", "cannot take note of an end", { container: id, reason: String(error) });
      });
  };

  const settle = async (container: Container, gone: ProcessIdentity | undefined) => {
    const before = container.record;
    if (before.phase === "creating") return;
    if (!isRunning(before.state)) return room.exits.discard(container.id);
    // In this order: a monitor that is gone has written what it had to write.
    const held = await isHeld(before.state.run?.monitor, gone);
    const told = await room.exits.read(container.id);
    if (told === undefined && held) return;
    if (told === undefined) {
      room.ground.log("warn", "its monitor is gone: killing the container", { container: container.id });
      await room.runtime.killAll(container.id).catch(() => {});
    }
    await killRest(room, container);
    const { bundle } = room.places.of(container.id);
    const oomKilled = await access(path.join(bundle, "oom")).then(
      () => true,
      () => false,
    );
    await takeAway(room, before);
    await room.exits.discard(container.id);
    const exitCode = told ?? unknownCode;
    const at = timestamp();
    const { hostConfig, state } = container.record;
    const restart = !closed && restartsAfter(hostConfig.RestartPolicy, { ...state, exitCode });
    await container.save(
      (record) => ({ ...record, state: ended(record.state, { exitCode, oomKilled, at, restart }) }),
      {
        sync: false,
      },
    );
    const ranFor = Date.parse(at) - Date.parse(state.startedAt);
    if (oomKilled) publish(room, container.record, "oom");
    publish(room, container.record, "die", {
      exitCode: String(exitCode),
      execDuration: String(Math.floor(ranFor / 1000)),
    });
    if (restart) wait(container, ranFor);
    container.tell("ended");
    // Whoever is removing it waits for this end.
    if (!restart && hostConfig.AutoRemove === true && before.phase !== "removing") {
      await removeContainer(room, container, { volumes: true });
    }
  };

  /** `gone`: a monitor known to be gone; it may still be seen for a moment. */
  const isHeld = async (monitor: ProcessIdentity | undefined, gone: ProcessIdentity | undefined) =>
    monitor !== undefined && monitor !== gone && (await isAlive(monitor, room.ground.bootId));

  const wait = (container: Container, ranFor: number) => {
    const delay = restartDelay(delays.get(container.id) ?? 0, ranFor);
    delays.set(container.id, delay);
    const timer = setTimeout(() => {
      timers.delete(container.id);
      // Removed while it waited for that: there is nothing to start.
      void container.exclusively(() => again(container)).catch(() => {});
    }, delay);
    timers.set(container.id, timer);
  };

  const again = async (container: Container) => {
    if (closed || container.record.state.status !== "restarting") return;
    try {
      await start(container, false);
    } catch (error) {
      room.ground.log("error", "its restart policy could not start it", {
        container: container.id,
        reason: String(error),
      });
      container.tell("ended");
    }
  };

  return {
    noticed,
    start,
    giveUp: async (container) => {
      clearTimeout(timers.get(container.id));
      timers.delete(container.id);
      delays.delete(container.id);
      if (container.record.state.status !== "restarting") return;
      await container.save((record) => ({ ...record, state: givenUp(record.state) }), { sync: false });
    },
    close: () => {
      closed = true;
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}

/** Without PIDs of its own, a container's other processes outlive the first one. */
async function killRest({ host, runtime }: Room, { id, record }: Container): Promise<void> {
  const { PidMode = "" } = record.hostConfig;
  if (PidMode === "") return;
  const left = await processesIn(host.cgroups, cgroupPath(id, record.hostConfig));
  if (left.length > 0) await runtime.killAll(id).catch(() => {});
}
