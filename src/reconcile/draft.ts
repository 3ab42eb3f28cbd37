import type { Plan, Step } from "./plan.ts";

type WithoutId<T> = T extends unknown ? Omit<T, "id"> : never;

/** A step that has no number yet. */
export type NewStep = WithoutId<Step>;

/** A plan that is being written: steps get their numbers in the order in which they are added. */
export interface Draft {
  /** Adds a step behind those it waits for, and gives its number. */
  readonly add: (step: NewStep) => number;
  readonly plan: () => Plan;
}

export function draft(project: string): Draft {
  const steps: Step[] = [];
  return {
    add: (step) => {
      const id = steps.length + 1;
      steps.push({ ...step, id, after: [...new Set(step.after)].sort((a, b) => a - b) });
      return id;
    },
    plan: () => ({ project, steps }),
  };
}
