import type { ContainerSummary } from "../engine/api.ts";
import { labels } from "./labels.ts";
import type { Observed, ObservedContainer, Subject } from "./plan.ts";

/** The container's name without the API's leading slash. */
export function nameOf({ Names, Id }: Pick<ContainerSummary, "Names" | "Id">): string {
  return Names[0]?.replace(/^\//, "") ?? Id.slice(0, 12);
}

/** The service that a container was made for. */
export function serviceOf({ summary }: ObservedContainer): string {
  return summary.Labels[labels.service] ?? "";
}

/** The container's number within its service; 0 when the label is missing or no number. */
export function numberOf({ summary }: ObservedContainer): number {
  return Number(summary.Labels[labels.number] ?? 0) || 0;
}

/** Whether it was made by `run`, beside the service's own containers. */
export function isOneOff({ summary }: ObservedContainer): boolean {
  return summary.Labels[labels.oneoff]?.toLowerCase() === "true";
}

/** Whether its process is there: also paused, and between two restarts. */
export function isRunning({ summary }: ObservedContainer): boolean {
  return summary.State === "running" || summary.State === "restarting" || summary.State === "paused";
}

/** What the engine says about its health: undefined when it has no health check, or is not running. */
export function healthOf({ summary }: ObservedContainer): "healthy" | "unhealthy" | "starting" | undefined {
  if (summary.Status.includes("(healthy)")) return "healthy";
  if (summary.Status.includes("(unhealthy)")) return "unhealthy";
  return summary.Status.includes("(health: starting)") ? "starting" : undefined;
}

/** Whether it ran, and runs no more. */
export function hasEnded({ summary }: ObservedContainer): boolean {
  return summary.State === "exited" || summary.State === "dead";
}

/** Whether it ended, and ended well. */
export function hasCompleted({ summary }: ObservedContainer): boolean {
  return summary.State === "exited" && summary.Status.startsWith("Exited (0)");
}

/** A service's own containers, one-offs left out, lowest number first. */
export function containersOf(observed: Observed, service: string): readonly ObservedContainer[] {
  return observed.containers
    .filter((container) => serviceOf(container) === service && !isOneOff(container))
    .sort((a, b) => numberOf(a) - numberOf(b));
}

/** How a step names an existing container. */
export function subjectOf(container: ObservedContainer): Subject {
  return { kind: "container", name: nameOf(container.summary), service: serviceOf(container) };
}
