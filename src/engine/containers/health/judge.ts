/**
 * How a container's health follows from its probes: when the next one is due, and what a result means. Pure; the times are
 * milliseconds since the container's start.
 * Source: the Dockerfile reference, HEALTHCHECK; moby daemon/health.go.
 */

import type { ContainerConfig, Health, HealthConfig } from "../../api.ts";

/** A health check with its defaults filled in; milliseconds. */
export interface Check {
  /** The command: an argument array, or one text for the image's shell. */
  readonly command: { readonly args: readonly string[] } | { readonly shell: string };
  readonly interval: number;
  readonly timeout: number;
  readonly startPeriod: number;
  readonly startInterval: number;
  readonly retries: number;
}

export interface ProbeResult {
  /** RFC 3339. */
  readonly start: string;
  readonly end: string;
  /** When it began, since the container's start. */
  readonly after: number;
  /** -1: it took too long, or could not be run. */
  readonly exitCode: number;
  readonly output: string;
}

/** Results that are kept, and bytes of output of each. */
const keptResults = 5;
export const outputLimit = 4096;

const milli = 1_000_000;

/** The check that a container has; undefined where it has none. */
export function readCheck(config: HealthConfig | null | undefined): Check | undefined {
  const [kind, ...args] = config?.Test ?? [];
  if (config === null || config === undefined || kind === undefined || kind === "NONE") return undefined;
  const or = (nano: number | undefined, otherwise: number) => (nano ? nano / milli : otherwise);
  return {
    command: kind === "CMD-SHELL" ? { shell: args[0] ?? "" } : { args },
    interval: or(config.Interval, 30_000),
    timeout: or(config.Timeout, 30_000),
    startPeriod: or(config.StartPeriod, 0),
    startInterval: or(config.StartInterval, 5_000),
    retries: config.Retries || 3,
  };
}

/** Before the first probe. */
export const unknownHealth: Health = { Status: "starting", FailingStreak: 0, Log: [] };

/** What a container's health is when it starts. */
export function healthAtStart({ Healthcheck }: Pick<ContainerConfig, "Healthcheck">): Health | undefined {
  return readCheck(Healthcheck) === undefined ? undefined : unknownHealth;
}

/** How long to wait, from now on, for the next probe: shorter while the container is starting. */
export function waitBeforeProbe(check: Check, { Status }: Health, sinceStart: number): number {
  return Status === "starting" && sinceStart < check.startPeriod ? check.startInterval : check.interval;
}

/** The health after a probe. Failures of a container that is still starting do not count. */
export function afterProbe(check: Check, health: Health, result: ProbeResult): Health {
  const { start: Start, end: End, exitCode: ExitCode, output: Output } = result;
  const Log = [...(health.Log ?? []), { Start, End, ExitCode, Output }].slice(-keptResults);
  if (ExitCode === 0) return { Status: "healthy", FailingStreak: 0, Log };
  if (health.Status === "starting" && result.after < check.startPeriod) return { ...health, Log };
  const FailingStreak = health.FailingStreak + 1;
  return { Status: FailingStreak >= check.retries ? "unhealthy" : health.Status, FailingStreak, Log };
}
