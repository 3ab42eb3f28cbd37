import type { Operation, Plan, PlanEvent, Step } from "../reconcile/plan.ts";

/** How a thing fares, as docker compose words it: one line of progress. */
export interface Status {
  /** What it is about: `Container shop-web-1`, `Network shop_default`, or a part of it such as a layer. */
  readonly id: string;
  /** Of a part: what it is a part of. */
  readonly parent?: string;
  readonly state: "Working" | "Done" | "Warning" | "Error";
  /** `Creating`, `Created` … */
  readonly text: string;
  readonly details?: string;
  /** Bytes. */
  readonly current?: number;
  readonly total?: number;
}

const words: Readonly<Record<Operation, readonly [doing: string, done: string]>> = {
  "pull-image": ["Pulling", "Pulled"],
  "build-image": ["Building", "Built"],
  "push-image": ["Pushing", "Pushed"],
  "remove-image": ["Removing", "Removed"],
  "create-network": ["Creating", "Created"],
  "remove-network": ["Removing", "Removed"],
  "connect-network": ["Connecting", "Connected"],
  "disconnect-network": ["Disconnecting", "Disconnected"],
  "create-volume": ["Creating", "Created"],
  "remove-volume": ["Removing", "Removed"],
  "create-container": ["Creating", "Created"],
  "update-container": ["Updating", "Updated"],
  "start-container": ["Starting", "Started"],
  "stop-container": ["Stopping", "Stopped"],
  "restart-container": ["Restarting", "Restarted"],
  "pause-container": ["Pausing", "Paused"],
  "unpause-container": ["Unpausing", "Unpaused"],
  "kill-container": ["Killing", "Killed"],
  "remove-container": ["Removing", "Removed"],
  "rename-container": ["Renaming", "Renamed"],
  "wait-container": ["Waiting", "Healthy"],
  "run-hook": ["Running hook", "Hook done"],
  "run-provider": ["Creating", "Created"],
  "prepare-model": ["Configuring", "Configured"],
};

const kinds = {
  container: "Container",
  network: "Network",
  volume: "Volume",
  image: "Image",
  service: "Service",
  model: "Model",
} as const;

/** What the steps that replace a container look like from outside: as one thing under the container's final name. */
export interface Replacement {
  readonly container: string;
  readonly part: "begin" | "middle" | "end";
}

/** The steps of a plan that replace a container, found by the rename of a container that the same plan creates. */
export function replacementsOf(plan: Plan): ReadonlyMap<number, Replacement> {
  const found = new Map<number, Replacement>();
  for (const step of plan.steps) {
    if (step.op !== "rename-container" || !("createdBy" in step.container)) continue;
    const container = step.to;
    found.set(step.container.createdBy, { container, part: "begin" });
    found.set(step.id, { container, part: "end" });
    for (const other of plan.steps) {
      const ends = other.op === "stop-container" || other.op === "remove-container" || other.op === "rename-container";
      if (ends && other.id < step.id && other.subject.name === container && "id" in other.container) {
        found.set(other.id, { container, part: "middle" });
      }
    }
  }
  return found;
}

/** What an event says to the user; undefined where it says nothing new. */
export function statusOf(event: PlanEvent, replacements: ReadonlyMap<number, Replacement>): Status | undefined {
  const { step } = event;
  const replacement = replacements.get(step.id);
  const id = replacement === undefined ? nameOf(step) : `Container ${replacement.container}`;
  switch (event.type) {
    case "started":
      return replacement === undefined
        ? { id, state: "Working", text: doingWord(step) }
        : replacement.part === "begin"
          ? { id, state: "Working", text: "Recreate" }
          : undefined;
    case "succeeded":
      if (replacement !== undefined && replacement.part !== "end") return undefined;
      return { id, state: "Done", text: replacement === undefined ? doneWord(step) : "Recreated" };
    case "failed":
      return step.optional === true
        ? { id, state: "Warning", text: `${doingWord(step)} failed`, details: event.error.message }
        : { id, state: "Error", text: "Error", details: event.error.message };
    case "warned":
      return { id, state: "Warning", text: "Warning", details: event.text };
    case "skipped":
      return { id, state: "Warning", text: "Skipped" };
    case "progress":
      return {
        id: event.id ?? id,
        ...(event.id !== undefined && { parent: id }),
        state: "Working",
        text: event.text,
        ...(event.current !== undefined && { current: event.current }),
        ...(event.total !== undefined && { total: event.total }),
      };
  }
}

/** `Container shop-web-1`. */
export function nameOf(step: Step): string {
  return `${kinds[step.subject.kind]} ${step.subject.name}`;
}

const providerWords = {
  up: words["run-provider"],
  stop: words["stop-container"],
  down: words["remove-container"],
} as const;

function doingWord(step: Step): string {
  if (step.op === "build-image" && step.order.check === true) return "Checking";
  return step.op === "run-provider" ? providerWords[step.provider.action][0] : words[step.op][0];
}

function doneWord(step: Step): string {
  if (step.op === "build-image" && step.order.check === true) return "Checked";
  if (step.op === "run-provider") return providerWords[step.provider.action][1];
  if (step.op === "wait-container" && step.condition === "completed") return "Exited";
  return words[step.op][1];
}
