import { describe, expect } from "vitest";
import type { Diagnostic } from "../../src/errors.ts";
import { formatPlan } from "../../src/reconcile/format.ts";
import type { Plan } from "../../src/reconcile/plan.ts";
import { goldenCases } from "./golden.ts";
import { readCase } from "./plan-case.ts";

describe("the plan", () => {
  const outputs = ["plan", "shown", "error", "warnings", "questions"];
  goldenCases(new URL("plans/", import.meta.url), outputs, golden);
});

function golden(given: ReadonlyMap<string, string>): string {
  const { options, world, plan: planFor } = readCase(given);
  const { plan, errors, warnings, questions } = planFor(world);
  const parts = [];
  if (errors.length === 0) parts.push(`-- plan --\n${formatPlan(plan) || "nothing to do\n"}`);
  else expect(plan.steps).toEqual([]);
  if (options.show !== undefined) parts.push(`-- shown --\n${shown(plan, options.show)}`);
  if (errors.length > 0) parts.push(`-- error --\n${errors.map(line).join("")}`);
  if (warnings.length > 0) parts.push(`-- warnings --\n${warnings.map(line).join("")}`);
  if (questions.length > 0) parts.push(`-- questions --\n${questions.map(({ message }) => `${message}\n`).join("")}`);
  return parts.join("");
}

function line({ code, message, hint, span }: Diagnostic): string {
  const at = span === undefined ? "" : `${span.source.path}: `;
  return `${at}${message} [${code}]\n${hint === undefined ? "" : `  ${hint}\n`}`;
}

/** `4 body.HostConfig.Mounts: …` for each step that has what is asked for. */
function shown(plan: Plan, paths: readonly string[]): string {
  const lines = plan.steps.flatMap((step) =>
    paths.flatMap((path) => {
      const value = path.split(".").reduce<unknown>((part, key) => new Map(Object.entries(part ?? {})).get(key), step);
      return value === undefined ? [] : [`${step.id} ${path}: ${JSON.stringify(value)}\n`];
    }),
  );
  return lines.join("");
}
