import type { Plan, Step } from "./plan.ts";

/** A plan in two parts: what can be done now, and what is held back. */
export interface Divided {
  readonly now: Plan;
  /** What was held back; `created`: step → the container that it made, of the first part. */
  readonly later: (created: ReadonlyMap<number, string>) => Plan;
}

/** Holds back the steps for which `isHeld` is true, and everything that waits for them. */
export function holdBack({ project, steps }: Plan, isHeld: (step: Step) => boolean): Divided {
  const held = new Set<number>();
  for (const step of steps) if (isHeld(step) || step.after.some((id) => held.has(id))) held.add(step.id);
  return {
    now: { project, steps: steps.filter(({ id }) => !held.has(id)) },
    later: (created) => ({
      project,
      steps: steps
        .filter(({ id }) => held.has(id))
        .map((step) => ({ ...withId(step, created), after: step.after.filter((id) => held.has(id)) })),
    }),
  };
}

function withId(step: Step, created: ReadonlyMap<number, string>): Step {
  if (!("container" in step) || !("createdBy" in step.container)) return step;
  const id = created.get(step.container.createdBy);
  return id === undefined ? step : { ...step, container: { id } };
}
