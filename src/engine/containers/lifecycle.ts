/** A container's life, as calls: create, start, stop, kill, restart, pause, rename, update, wait, remove, prune. */

import type { Engine, Filters } from "../api.ts";
import { badRequest, conflict } from "../refusal.ts";
import { takeCreateBody, takeUpdateBody } from "./bodies.ts";
import { createContainer } from "./create/create.ts";
import { checkName } from "./create/names.ts";
import type { Endings } from "./ended.ts";
import { hasLabel } from "./filter.ts";
import { sizeOf } from "./list.ts";
import { wantsSandbox } from "./network.ts";
import type { ContainerRecord } from "./record.ts";
import type { Container } from "./registry.ts";
import { removeContainer } from "./remove.ts";
import { publish, type Room } from "./room.ts";
import { hasProcess } from "./runtime/processes.ts";
import { isRunning, paused, resumed } from "./state.ts";
import { endContainer, killContainer, stopContainer } from "./stop.ts";
import { updateContainer } from "./update.ts";
import { waitFor } from "./wait.ts";

type Calls =
  | "containerCreate"
  | "containerStart"
  | "containerStop"
  | "containerRestart"
  | "containerKill"
  | "containerPause"
  | "containerUnpause"
  | "containerRename"
  | "containerUpdate"
  | "containerWait"
  | "containerRemove"
  | "containerPrune";

export function openLifecycle(room: Room, endings: Endings): Pick<Engine, Calls> {
  const find = (reference: string) => room.registry.find(reference);

  const start = async (container: Container): Promise<boolean> =>
    container.exclusively(async () => {
      const { phase, state, id } = container.record;
      if (phase !== "ready") throw conflict(`container ${id} is marked for removal and cannot be started`);
      if (state.status === "paused") throw conflict("cannot start a paused container, try unpause instead");
      if (isRunning(state)) return false;
      await endings.giveUp(container);
      try {
        await endings.start(container, true);
      } catch (error) {
        if (container.record.hostConfig.AutoRemove === true) await removeContainer(room, container, { volumes: true });
        throw error;
      }
      return true;
    });

  const remove = async (container: Container, force: boolean, volumes: boolean) => {
    const { phase, state } = container.record;
    if (phase === "removing") throw conflict(`removal of container ${container.id} is already in progress`);
    if (isRunning(state) && !force) throw refuseRemoval(container.record);
    // From now on nobody starts it.
    const mark = (next: ContainerRecord["phase"]) =>
      container.save((record) => ({ ...record, phase: next, withVolumes: volumes }), { sync: false });
    await mark("removing");
    try {
      for (let gone = false; !gone; ) {
        if (isRunning(container.record.state)) await endContainer(room, container);
        gone = await container.exclusively(async () => {
          await endings.giveUp(container);
          if (isRunning(container.record.state)) {
            // A start was under way.
            if (force) return false;
            throw refuseRemoval(container.record);
          }
          await removeContainer(room, container, { volumes });
          return true;
        });
      }
    } catch (error) {
      if (room.registry.get(container.id) !== undefined) await mark("ready");
      throw error;
    }
  };

  return {
    containerCreate: async ({ body, ...args }) => createContainer(room, { ...args, body: takeCreateBody(body) }),
    containerStart: async ({ id }, options) => {
      if (!(await start(find(id)))) options?.unchanged?.();
    },
    containerStop: async ({ id, t, signal }, options) => {
      if (!(await stopContainer(room, endings, find(id), { grace: t, signal }))) options?.unchanged?.();
    },
    containerRestart: async ({ id, t, signal }) => {
      const container = find(id);
      if (container.record.hostConfig.AutoRemove === true && isRunning(container.record.state)) {
        throw conflict(`container ${container.id} would be removed at its end: it cannot be restarted`);
      }
      await stopContainer(room, endings, container, { grace: t, signal });
      await start(container);
      publish(room, container.record, "restart");
    },
    containerKill: ({ id, signal }) => killContainer(room, endings, find(id), signal),
    containerPause: ({ id }) => pause(room, find(id)),
    containerUnpause: ({ id }) => unpause(room, find(id)),
    containerRename: ({ id, name }) => rename(room, find(id), name),
    containerUpdate: async ({ id, body }) => updateContainer(room, find(id), takeUpdateBody(body)),
    containerWait: async ({ id, condition = "not-running" }, options) => {
      if (!["not-running", "next-exit", "removed"].includes(condition)) {
        throw badRequest(`invalid condition: ${JSON.stringify(condition)}`);
      }
      return waitFor(find(id), condition, options ?? {});
    },
    containerRemove: async ({ id, v, force, link }) => {
      if (link === true) throw badRequest("legacy links cannot be removed: containers are named by their networks");
      await remove(find(id), force === true, v === true);
    },
    containerPrune: async ({ filters = {} }) => {
      const matches = pruneFilter(filters);
      const idle = room.registry.all().filter(({ record }) => isIdle(record) && matches(record));
      const deleted = await Promise.all(
        idle.map(async (container) => {
          const size = await sizeOf(room.places.of(container.id).upper);
          await remove(container, false, false);
          return { id: container.id, size };
        }),
      );
      const SpaceReclaimed = deleted.reduce((sum, { size }) => sum + size, 0);
      room.ground.events.publish("container", "prune", "", { reclaimed: String(SpaceReclaimed) });
      return { ContainersDeleted: deleted.map(({ id }) => id), SpaceReclaimed };
    },
  };
}

function refuseRemoval({ name, state }: ContainerRecord): Error {
  const advice =
    state.status === "paused" ? "unpause the container before removing" : "stop the container before removing";
  return conflict(`cannot remove container "/${name}": container is ${state.status}: ${advice} or force remove`);
}

const isIdle = ({ phase, state }: ContainerRecord) =>
  phase === "ready" && !isRunning(state) && state.status !== "restarting";

async function pause(room: Room, container: Container): Promise<void> {
  await container.exclusively(async () => {
    const { id, state } = container.record;
    if (state.status === "paused") throw conflict(`Container ${id} is already paused`);
    if (state.status === "restarting")
      throw conflict(`Container ${id} is restarting, wait until the container is running`);
    if (!isRunning(state)) throw conflict(`Container ${id} is not running`);
    await room.runtime.pause(id).catch(async (error: unknown) => {
      if (await hasProcess(state.run, room.ground.bootId)) throw error;
      throw conflict(`Container ${id} is not running`, error);
    });
    await container.save((record) => ({ ...record, state: paused(record.state) }), { sync: false });
    publish(room, container.record, "pause");
  });
}

async function unpause(room: Room, container: Container): Promise<void> {
  await container.exclusively(async () => {
    const { id, state } = container.record;
    if (state.status !== "paused") throw conflict(`Container ${id} is not paused`);
    await room.runtime.resume(id);
    await container.save((record) => ({ ...record, state: resumed(record.state) }), { sync: false });
    publish(room, container.record, "unpause");
  });
}

async function rename(room: Room, container: Container, wanted = ""): Promise<void> {
  if (wanted === "") throw badRequest("Neither old nor new names may be empty");
  const name = checkName(wanted);
  await container.exclusively(async () => {
    const { name: oldName, state, hostConfig } = container.record;
    if (name === oldName) throw badRequest("Renaming a container with the same name as its current name");
    room.registry.reserve(name, container.id);
    await room.registry.rename(container, name);
    if (isRunning(state) && wantsSandbox(hostConfig)) {
      const sandbox = await room.sandboxes.rename(container.id, name);
      await container.save(
        (record) => ({ ...record, state: { ...record.state, run: { ...record.state.run, sandbox } } }),
        { sync: false },
      );
    }
    publish(room, container.record, "rename", { oldName: `/${oldName}` });
  });
}

/** `until`, `label`, `label!`. */
function pruneFilter(filters: Filters): (record: ContainerRecord) => boolean {
  for (const key of Object.keys(filters)) {
    if (!["until", "label", "label!"].includes(key)) throw badRequest(`invalid filter '${key}'`);
  }
  const [until, ...more] = filters.until ?? [];
  if (more.length > 0) throw badRequest("invalid filter: more than one until filter specified");
  const before = until === undefined ? undefined : parseUntil(until, Date.now());
  return ({ created, config }) =>
    (before === undefined || Date.parse(created) < before) &&
    (filters.label ?? []).every((label) => hasLabel(config.Labels ?? {}, label)) &&
    !(filters["label!"] ?? []).some((label) => hasLabel(config.Labels ?? {}, label));
}

/** Unix seconds, a duration before now (`24h`, `1h30m`), or RFC 3339: milliseconds of Unix time. EngineError 400 for anything else. */
export function parseUntil(text: string, now: number): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
  if (/^(\d+(\.\d+)?(ms|h|m|s))+$/.test(text)) {
    const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)];
    return now - parts.reduce((sum, [, number, unit = "s"]) => sum + Number(number) * (units[unit] ?? 0), 0);
  }
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw badRequest(`invalid filter 'until=${text}'`);
  return time;
}
