import type { ContainerTarget, PlanEvent } from "../reconcile/plan.ts";

/** What was done to one thing, or was to be. */
export interface Change {
  /** A step's operation, `start-container`. */
  readonly action: string;
  /** What was touched: container, network, volume, image, service, model. */
  readonly kind: string;
  readonly name: string;
  readonly service?: string;
  /** Of a container or an image: the engine's id. */
  readonly id?: string;
  /** Skipped: something that it needs has failed, or the run was interrupted. */
  readonly result: "done" | "failed" | "skipped";
  /** Why it failed. */
  readonly message?: string;
}

/** Takes the events of plans, one after the other, and keeps what they have changed. A wait changes nothing. */
export function openChanges(): { note(event: PlanEvent): void; readonly all: readonly Change[] } {
  const all: Change[] = [];
  /** The containers that the plan under way has made, by step. */
  const created = new Map<number, string>();
  return {
    all,
    note: (event) => {
      const { step, type } = event;
      if (type === "succeeded" && event.detail !== undefined) created.set(step.id, event.detail);
      if (step.op === "wait-container" || !(type === "succeeded" || type === "failed" || type === "skipped")) return;
      const { kind, name, service } = step.subject;
      const id = "container" in step ? idOf(step.container, created) : created.get(step.id);
      all.push({
        action: step.op,
        kind,
        name,
        ...(service !== undefined && { service }),
        ...(id !== undefined && { id }),
        result: type === "succeeded" ? "done" : type,
        ...(type === "failed" && { message: event.error.message }),
      });
    },
  };
}

/** The id of the container that a step works on, where it is known. */
function idOf(target: ContainerTarget, created: ReadonlyMap<number, string>): string | undefined {
  return "id" in target ? target.id : created.get(target.createdBy);
}
