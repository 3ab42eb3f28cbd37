/** The human sentence about a container's state: `Up 5 minutes (healthy)`, `Exited (0) 3 seconds ago`. */

import type { ContainerRecord } from "./record.ts";
import { never } from "./state.ts";

/** `now`: milliseconds of Unix time. */
export function statusText({ phase, state }: ContainerRecord, now: number): string {
  const since = (time: string) => humanDuration((now - Date.parse(time)) / 1000);
  if (phase === "removing") return "Removal In Progress";
  switch (state.status) {
    case "running": {
      const { health } = state;
      const up = `Up ${since(state.startedAt)}`;
      if (health === undefined || health.Status === "none") return up;
      return `${up} (${health.Status === "starting" ? "health: starting" : health.Status})`;
    }
    case "paused":
      return `Up ${since(state.startedAt)} (Paused)`;
    case "restarting":
      return `Restarting (${state.exitCode}) ${since(state.finishedAt)} ago`;
    case "dead":
      return "Dead";
    case "created":
      return "Created";
    case "exited":
      return state.finishedAt === never ? "Created" : `Exited (${state.exitCode}) ${since(state.finishedAt)} ago`;
  }
}

/** A duration roughly, as docker says it. */
export function humanDuration(seconds: number): string {
  const whole = Math.floor(seconds);
  if (whole < 1) return "Less than a second";
  if (whole === 1) return "1 second";
  if (whole < 60) return `${whole} seconds`;
  const minutes = Math.floor(seconds / 60);
  if (minutes === 1) return "About a minute";
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.floor(seconds / 3600 + 0.5);
  if (hours === 1) return "About an hour";
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(hours / 24 / 365)} years`;
}
