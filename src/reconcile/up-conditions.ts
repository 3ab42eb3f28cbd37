import type { Service } from "../compose/model.ts";
import type { WaitCondition } from "./plan.ts";
import { isNamed, type Placed, type UpState } from "./up-state.ts";

/**
 * Adds the waits that a service's start needs, and gives the steps that it stands behind. Dependents of one container share
 * its waits; a container that has long been healthy, or has completed, needs none.
 */
export function addConditions(state: UpState, service: Service): readonly number[] {
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

/** Adds the waits of --wait: everything that was asked for runs or is healthy, jobs have completed. */
export function addFinalWaits(state: UpState, jobs: ReadonlySet<string>): void {
  for (const [name, containers] of state.placed) {
    const service = state.model.services.get(name);
    if (service === undefined || !isNamed(state, service)) continue;
    for (const placed of containers) {
      const condition = jobs.has(name) ? "completed" : "running_or_healthy";
      const { waitTimeout: timeout } = state.options;
      addWait(state, placed, condition, "--wait", { ...(timeout !== undefined && { timeout }) });
    }
  }
}

function addWait(
  state: UpState,
  placed: Placed,
  condition: WaitCondition,
  why: string,
  options: { readonly optional?: boolean; readonly timeout?: number },
): number | undefined {
  if (isSettled(placed, condition)) return undefined;
  const key = `${condition}/${options.optional === true}/${options.timeout ?? ""}/${placed.reference}`;
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
