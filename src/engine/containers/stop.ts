/** Stops containers: a signal, some time to comply, and SIGKILL. */

import { constants } from "node:os";
import { badRequest, conflict } from "../refusal.ts";
import type { Endings } from "./ended.ts";
import type { Container } from "./registry.ts";
import { publish, type Room } from "./room.ts";
import { signalProcess } from "./runtime/processes.ts";
import { isRunning, mustRun, stoppedByCall } from "./state.ts";

/** Seconds that a container is given unless it or the call says otherwise. */
const usualGrace = 10;
/** Seconds from SIGKILL to the end that a call waits for, as dockerd does. */
const longestDeath = 10;

export interface StopOptions {
  /** Seconds; -1: for ever. */
  readonly grace?: number | undefined;
  readonly signal?: string | undefined;
}

/**
 * Resolves when the container has ended; false where it had no process. It is not started again by its policy. Not to be
 * called exclusively: its end is.
 */
export async function stopContainer(
  room: Room,
  endings: Endings,
  container: Container,
  { grace, signal }: StopOptions,
): Promise<boolean> {
  if (container.record.state.status === "restarting") {
    await container.exclusively(() => endings.giveUp(container));
  }
  if (!isRunning(container.record.state)) return false;
  const { StopSignal, StopTimeout } = container.record.config;
  const number = parseSignal(signal || StopSignal || "SIGTERM");
  const seconds = grace ?? StopTimeout ?? usualGrace;
  await container.save((record) => ({ ...record, state: stoppedByCall(record.state) }), { sync: false });
  const over = untilEnded(container);
  if (seconds !== 0) {
    await send(room, container, number);
    if (await within(over, seconds)) return said(room, container);
  }
  await send(room, container, constants.signals.SIGKILL);
  await over;
  return said(room, container);
}

function said(room: Room, container: Container): true {
  publish(room, container.record, "stop");
  return true;
}

/** Sends a signal to the first process; with SIGKILL, resolves when the container has ended. EngineError 409 where there is none. */
export async function killContainer(
  room: Room,
  endings: Endings,
  container: Container,
  signal: string | undefined,
): Promise<void> {
  const number = parseSignal(signal || "SIGKILL");
  if (container.record.state.status === "restarting") await container.exclusively(() => endings.giveUp(container));
  const { id, name, state } = container.record;
  try {
    mustRun(container.record);
  } catch (cause) {
    throw conflict(`cannot kill container: ${name}: container ${id} is not running`, cause);
  }
  if (state.status === "paused" && number !== constants.signals.SIGKILL) {
    throw conflict(
      `cannot kill container: ${name}: Container ${id} is paused. Unpause the container before stopping or killing`,
    );
  }
  // Who ends a container by a call does not want it back.
  const { StopSignal } = container.record.config;
  const ends = number === constants.signals.SIGKILL || number === parseSignal(StopSignal || "SIGTERM");
  if (ends) await container.save((record) => ({ ...record, state: stoppedByCall(record.state) }), { sync: false });
  const over = untilEnded(container);
  await send(room, container, number);
  // Who starts it next must not find it running still. What hangs in the kernel is not waited for any longer.
  if (number === constants.signals.SIGKILL) await within(over, longestDeath);
}

/** Sends SIGKILL and waits for the end. */
export async function endContainer(room: Room, container: Container): Promise<void> {
  const over = untilEnded(container);
  await container.save((record) => ({ ...record, state: stoppedByCall(record.state) }), { sync: false });
  await send(room, container, constants.signals.SIGKILL);
  await over;
}

async function send(room: Room, container: Container, signal: number): Promise<void> {
  const { id, state } = container.record;
  const target = state.run?.process;
  if (target === undefined) return;
  // A frozen process takes no signal; it is let go once it has one.
  const sent = await signalProcess(target, signal, room.ground.bootId);
  if (state.status === "paused") await room.runtime.resume(id).catch(() => {});
  if (sent) publish(room, container.record, "kill", { signal: String(signal) });
}

/** Resolves at its next end; at once where it has no process. */
function untilEnded(container: Container): Promise<void> {
  return new Promise((resolve) => {
    if (!isRunning(container.record.state)) return resolve();
    const stop = container.listen((change) => {
      if (change === "started") return;
      stop();
      resolve();
    });
  });
}

/** Whether it was over in time. */
async function within(over: Promise<void>, seconds: number): Promise<boolean> {
  if (seconds < 0) return over.then(() => true);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), seconds * 1000);
  });
  const inTime = await Promise.race([over.then(() => true), late]);
  clearTimeout(timer);
  return inTime;
}

/** `SIGTERM`, `term`, `15`: the number. EngineError 400 for a signal that there is not. */
export function parseSignal(text: string): number {
  const upper = text.toUpperCase();
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    if (number >= 1 && number <= 64) return number;
  }
  const name = upper.startsWith("SIG") ? upper : `SIG${upper}`;
  const number = signals.get(name) ?? realTime(name);
  if (number === undefined) throw badRequest(`invalid signal: ${text}`);
  return number;
}

const signals = new Map<string, number>(Object.entries(constants.signals));

/** `SIGRTMIN+3`, `SIGRTMAX-1`: as Go's signal names have them (34 to 64). */
function realTime(name: string): number | undefined {
  const match = /^SIGRT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name);
  if (match === null) return undefined;
  const [, end, sign = "+", offset = "0"] = match;
  const number = (end === "MIN" ? 34 : 64) + (sign === "+" ? Number(offset) : -Number(offset));
  return number >= 34 && number <= 64 ? number : undefined;
}
