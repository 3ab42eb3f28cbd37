/** Starts a container: everything that it needs is made, conmon and the runtime hold it, and its program runs. */

import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { EngineError } from "../../errors.ts";
import { healthAtStart } from "./health/judge.ts";
import { logOf } from "./log.ts";
import { makeSpec, openNetwork } from "./make-spec.ts";
import type { ContainerRecord, RunRecord } from "./record.ts";
import type { Container } from "./registry.ts";
import { publish, type Room, timestamp } from "./room.ts";
import { mountRootfs, sourceOf } from "./rootfs/mounted.ts";
import { identify, type ProcessIdentity } from "./runtime/processes.ts";
import { startFailure } from "./runtime-error.ts";
import { ownMount, type SpecMount } from "./spec/mounts.ts";
import { commandOf } from "./spec/process.ts";
import { renderSpec } from "./spec/spec.ts";
import { failedToStart, started, starting } from "./state.ts";
import { takeAway } from "./take-away.ts";

export interface StartOptions {
  /** A call asked for it; else its restart policy, or the daemon that starts. */
  readonly byCall: boolean;
  /** Called when conmon is gone, which it should only be after the container. */
  readonly monitorGone: (monitor: ProcessIdentity | undefined) => void;
}

/**
 * To be called exclusively, for a container without a process. Rejects with EngineError in docker's words; everything that
 * was made is taken away again then, and its state says why.
 */
export async function startContainer(room: Room, container: Container, options: StartOptions): Promise<void> {
  await container.save((record) => ({ ...record, state: starting(record.state) }), { sync: false });
  try {
    const run = await launch(room, container, options.monitorGone);
    const begun = { run, at: timestamp(), byCall: options.byCall, health: healthAtStart(container.record.config) };
    await container.save((record) => ({ ...record, state: started(record.state, begun) }), { sync: false });
  } catch (cause) {
    await takeAway(room, container.record);
    const [program = ""] = commandOf(container.record.config);
    const { error, exitCode } =
      cause instanceof EngineError ? { error: cause, exitCode: 128 } : startFailure(cause, program);
    await container.save((record) => ({ ...record, state: failedToStart(record.state, error.message, exitCode) }), {
      sync: false,
    });
    container.tell("failed");
    throw error;
  }
  publish(room, container.record, "start");
  container.tell("started");
}

async function launch(room: Room, container: Container, monitorGone: StartOptions["monitorGone"]): Promise<RunRecord> {
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

  // As it is now: its network has just been made.
  const filter = await room.filters.take(await makeSpec(room, container.record, mounts));
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
      log,
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
  void launched.monitorGone.then(() => monitorGone(monitor));
  return whole;
}

async function mountAll(room: Room, record: ContainerRecord): Promise<readonly SpecMount[]> {
  return Promise.all(
    record.mounts.map(async (mount) =>
      ownMount(mount, mount.type === "tmpfs" ? "" : await sourceOf(room, record, mount)),
    ),
  );
}
