/** The life of a container, as pure functions: created → running ⇄ paused → restarting or exited → running … → dead. */

import type { ContainerState, Health } from "../api.ts";
import { conflict } from "../refusal.ts";
import type { ContainerRecord, RunRecord, StateRecord } from "./record.ts";

/** Go's zero time: how the API says "never". */
export const never = "0001-01-01T00:00:00Z";

export const created: StateRecord = {
  status: "created",
  exitCode: 0,
  error: "",
  oomKilled: false,
  startedAt: never,
  finishedAt: never,
  restartCount: 0,
  stoppedByCall: false,
};

/** A start is under way: whatever `run` comes to hold must be taken away if this daemon dies now. */
export function starting(state: StateRecord): StateRecord {
  return { ...state, error: "", oomKilled: false, run: {} };
}

/** `health`: what it is before the first probe; undefined where there is no check. */
export function started(
  state: StateRecord,
  { run, at, byCall, health }: { run: RunRecord; at: string; byCall: boolean; health: Health | undefined },
): StateRecord {
  return {
    status: "running",
    exitCode: 0,
    error: "",
    oomKilled: false,
    startedAt: at,
    finishedAt: state.finishedAt,
    restartCount: byCall ? 0 : state.restartCount,
    stoppedByCall: false,
    run,
    ...(health !== undefined && { health }),
  };
}

/** It could not be started. What it was before decides what it is: `created` stays so. */
export function failedToStart(state: StateRecord, error: string, exitCode: number): StateRecord {
  const { run: _, ...rest } = state;
  const status = state.status === "created" ? "created" : "exited";
  return { ...rest, status, error, exitCode };
}

export interface End {
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly at: string;
  /** Its restart policy will start it again. */
  readonly restart: boolean;
}

export function ended(state: StateRecord, { exitCode, oomKilled, at, restart }: End): StateRecord {
  const { run: _, ...rest } = state;
  const restartCount = restart ? state.restartCount + 1 : state.restartCount;
  return { ...rest, status: restart ? "restarting" : "exited", exitCode, oomKilled, finishedAt: at, restartCount };
}

export const paused = (state: StateRecord): StateRecord => ({ ...state, status: "paused" });
export const resumed = (state: StateRecord): StateRecord => ({ ...state, status: "running" });
export const stoppedByCall = (state: StateRecord): StateRecord => ({ ...state, stoppedByCall: true });

/** It waits no longer to be started again. */
export const givenUp = (state: StateRecord): StateRecord => ({ ...state, status: "exited" });

/** There is a process: also while it is paused. */
export const isRunning = ({ status }: StateRecord): boolean => status === "running" || status === "paused";

/** What the API calls it. */
export function tellState({ phase, state }: ContainerRecord): ContainerState {
  return phase === "removing" ? "removing" : state.status;
}

/** Refuses, in docker's words, what needs a process. */
export function mustRun({ id, state }: ContainerRecord): void {
  if (!isRunning(state)) throw conflict(`container ${id} is not running`);
}
