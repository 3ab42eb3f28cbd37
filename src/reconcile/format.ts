import type { Plan, Step } from "./plan.ts";

/** The plan as text, a line for each step: number, what is done, to what, after which steps, and why. */
export function formatPlan(plan: Plan): string {
  const rows = plan.steps.map((step) => [
    String(step.id),
    operationWords(step),
    nameInPlan(step),
    step.after.length === 0 ? "" : `after ${step.after.join(" ")}`,
    step.why,
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  const [numbers = 0, words = 0, names = 0, afters = 0] = widths;
  return rows
    .map(([id = "", operation = "", name = "", after = "", why = ""]) =>
      `${id.padStart(numbers)}  ${operation.padEnd(words)}  ${name.padEnd(names)}  ${after.padEnd(afters)}  ${why}`.trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join("");
}

/** The plan as data, for scripts: what, to what, after which steps, why. Nothing of it holds a value of the environment. */
export function planJson(plan: Plan): unknown {
  return {
    project: plan.project,
    steps: plan.steps.map((step) => ({
      id: step.id,
      operation: step.op,
      ...(step.op === "wait-container" && { condition: step.condition }),
      subject: { ...step.subject, name: nameInPlan(step) },
      after: step.after,
      why: step.why,
      ...(step.optional === true && { optional: true }),
    })),
  };
}

/** `create network`, `wait healthy`, `run post_start` … */
export function operationWords(step: Step): string {
  if (step.op === "wait-container") return `wait ${step.condition.replaceAll("_", " ")}`;
  if (step.op === "run-hook") return `run ${step.hook.phase}`;
  if (step.op === "run-provider") return `provider ${step.provider.action}`;
  return step.op.replace("-", " ");
}

/** A replacement is made under a temporary name, which is what the plan shows. */
function nameInPlan(step: Step): string {
  return step.op === "create-container" ? step.name : step.subject.name;
}
