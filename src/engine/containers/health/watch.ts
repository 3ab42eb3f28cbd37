/** Probes the health of the containers that have a check, as long as they run. */

import type { Health } from "../../api.ts";
import { type Inside, runInside } from "../exec/inside.ts";
import type { ContainerRecord } from "../record.ts";
import type { Container } from "../registry.ts";
import { publish, type Room, timestamp } from "../room.ts";
import {
  afterProbe,
  type Check,
  outputLimit,
  type ProbeResult,
  readCheck,
  unknownHealth,
  waitBeforeProbe,
} from "./judge.ts";

export interface HealthWatch {
  /** A container runs (again). Nothing is done where it has no check. */
  begin(container: Container): void;
  /** Stops all probing: the daemon ends. */
  close(): void;
}

export function watchHealth(room: Room): HealthWatch {
  const running = new Map<string, AbortController>();

  const begin = (container: Container) => {
    const { id, config } = container.record;
    running.get(id)?.abort();
    running.delete(id);
    const check = readCheck(config.Healthcheck);
    if (check === undefined) return;
    const over = new AbortController();
    running.set(id, over);
    const stop = container.listen((change) => {
      if (change === "started") return;
      stop();
      over.abort();
      if (running.get(id) === over) running.delete(id);
    });
    probeUntil(room, container, check, over.signal).catch((error: unknown) => {
      room.ground.log("error", "a health check cannot go on", { container: id, reason: String(error) });
    });
  };
  return {
    begin,
    close: () => {
      for (const over of running.values()) over.abort();
    },
  };
}

async function probeUntil(room: Room, container: Container, check: Check, over: AbortSignal): Promise<void> {
  const startedAt = Date.parse(container.record.state.startedAt);
  const sinceStart = () => Date.now() - startedAt;
  const health = () => container.record.state.health ?? unknownHealth;
  while (!over.aborted) {
    await pause(waitBeforeProbe(check, health(), sinceStart()), over);
    // A frozen container answers nothing, and is not to blame for it.
    if (over.aborted || container.record.state.status === "paused") continue;
    const after = sinceStart();
    const result = { ...(await probe(room, container.record, check, over)), after };
    if (over.aborted) return;
    const before = health();
    const next = afterProbe(check, before, result);
    await saveHealth(container, next);
    if (next.Status !== before.Status) publish(room, container.record, `health_status: ${next.Status}`);
  }
}

async function saveHealth(container: Container, health: Health): Promise<void> {
  await container.save((record) => ({ ...record, state: { ...record.state, health } }), { sync: false });
}

async function probe(
  room: Room,
  record: ContainerRecord,
  { command, timeout }: Check,
  over: AbortSignal,
): Promise<Omit<ProbeResult, "after">> {
  const start = timestamp();
  const args = "shell" in command ? ["/bin/sh", "-c", command.shell] : command.args;
  const failed = (output: string) => ({ start, end: timestamp(), exitCode: -1, output });
  let inside: Inside;
  try {
    inside = await runInside(room, record, { args, env: [], privileged: false, tty: false, stdin: false });
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  }
  let late = false;
  const end = () => void inside.kill();
  const timer = setTimeout(() => {
    late = true;
    end();
  }, timeout);
  over.addEventListener("abort", end, { once: true });
  try {
    const output = await readSome(inside);
    const exitCode = await inside.exited;
    if (late) return failed(`Health check exceeded timeout (${timeout / 1000}s)${output === "" ? "" : `: ${output}`}`);
    return { start, end: timestamp(), exitCode, output };
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  } finally {
    clearTimeout(timer);
    over.removeEventListener("abort", end);
  }
}

/** The beginning of what it writes; the rest is read and dropped. */
async function readSome({ output }: Inside): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const { data } of output) {
    if (length < outputLimit) pieces.push(data.subarray(0, outputLimit - length));
    length += data.length;
  }
  return Buffer.concat(pieces).toString();
}

function pause(milliseconds: number, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (over.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      over.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    over.addEventListener("abort", end, { once: true });
  });
}
