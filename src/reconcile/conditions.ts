import type { Service } from "../compose/model.ts";
import type { Draft } from "./draft.ts";
import type { Placed } from "./placed.ts";
import type { WaitCondition } from "./plan.ts";

/** What planning waits takes: the containers so far, by service, and the waits that there are for them. */
export interface Conditions {
  readonly draft: Draft;
  readonly placed: Map<string, readonly Placed[]>;
  /** `condition/container` → the step that waits for it, so that dependents share it. */
  readonly waits: Map<string, number>;
}

/**
 * Adds the waits that a service's start needs, and gives the steps that it stands behind. Dependents of one container share
 * its waits; a container that has long been healthy, or has completed, needs none.
 */
export function addConditions(state: Conditions, service: Pick<Service, "name" | "depends_on">): readonly number[] {
  const after: number[] = [];
  for (const [name, { condition, required }] of service.depends_on ?? []) {
    for (const placed of state.placed.get(name) ?? []) {
      if (condition === "service_started") {
        after.push(...placed.ready);
        continue;
      }
      const wanted = condition === "service_healthy" ? "healthy" : "completed";
      const why = `"${service.name}" depends on "${name}" (${condition})`;
      const step = addWait(state, placed, wanted, why, { optional: !required });
      if (step !== undefined) after.push(step);
    }
  }
  return after;
}

/** Adds the wait of --wait: a container runs or is healthy, a job has completed. `timeout` is in milliseconds. */
export function addFinalWait(state: Conditions, placed: Placed, isJob: boolean, timeout: number | undefined): void {
  const condition = isJob ? "completed" : "running_or_healthy";
  addWait(state, placed, condition, "--wait", { ...(timeout !== undefined && { timeout }) });
}

function addWait(
  state: Conditions,
  placed: Placed,
  condition: WaitCondition,
  why: string,
  options: { readonly optional?: boolean; readonly timeout?: number },
): number | undefined {
  if (isSettled(placed, condition)) return undefined;
  const key = `${condition}/${options.optional === true}/${options.timeout ?? ""}/${JSON.stringify(placed.target)}`;
  const known = state.waits.get(key);
  if (known !== undefined) return known;
  const step = state.draft.add({
    op: "wait-container",
    container: placed.target,
    condition,
    subject: placed.subject,
    why,
    after: placed.ready,
    ...(options.timeout !== undefined && { timeout: options.timeout }),
    ...(options.optional === true && { optional: true }),
  });
  state.waits.set(key, step);
  return step;
}

function isSettled({ starts, settled }: Placed, condition: WaitCondition): boolean {
  if (starts) return false;
  if (condition === "completed") return settled.completed;
  return settled.healthy || (condition === "running_or_healthy" && settled.hasNoHealth);
}
