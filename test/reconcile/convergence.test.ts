import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isOneOff, serviceOf } from "../../src/reconcile/containers.ts";
import { formatPlan } from "../../src/reconcile/format.ts";
import { labels } from "../../src/reconcile/labels.ts";
import type { Observed, Plan, Step } from "../../src/reconcile/plan.ts";
import { sections } from "./golden.ts";
import { type PlanCase, readCase } from "./plan-case.ts";
import { createdBy, simulate, type World } from "./simulate.ts";

const directory = new URL("plans/", import.meta.url);

/** Every golden case of `up` in which there is something to do. */
const cases = readdirSync(directory)
  .filter((file) => file.endsWith(".txt"))
  .flatMap((file): [string, PlanCase][] => {
    const text = readFileSync(new URL(file, directory), "utf8");
    const read = readCase(sections(text));
    return (read.options.verb ?? "up") === "up" && text.includes("-- plan --\n") ? [[file, read]] : [];
  });

/** What is only asked for once: the run that ends the interrupted one asks for it again, the one after it does not. */
const settled = { forceRecreate: false, alwaysRecreateDeps: false, renewAnonymousVolumes: false, wait: false };

/** Takes ready steps in the order that the numbers choose, until they are used up or nothing is left. */
function carryOut(plan: Plan, observed: Observed, choices: readonly number[] | "all"): World {
  let world: World = { observed, created: new Map() };
  const done = new Set<number>();
  const left = [...plan.steps];
  for (let i = 0; left.length > 0 && (choices === "all" || i < choices.length); i++) {
    const ready = left.filter(({ after }) => after.every((id) => done.has(id)));
    const step = ready[choices === "all" ? 0 : (choices[i] ?? 0) % ready.length];
    if (step === undefined) throw new Error(`nothing is ready of\n${formatPlan(plan)}`);
    world = simulate(world, step);
    done.add(step.id);
    left.splice(left.indexOf(step), 1);
  }
  return world;
}

/**
 * Whether containers run, what they were made from, and which networks they are on. Those of other services, and one-offs, may
 * be off a network that was about to be made anew: an `up` of theirs puts them back.
 */
function outcomeOf({ containers, networks, volumes }: Observed, selected: ReadonlySet<string>): unknown {
  const shown = containers.map((container) => ({
    name: container.summary.Names[0],
    runs: container.summary.State === "running",
    fields: container.summary.Labels[labels.fields],
    networks:
      selected.has(serviceOf(container)) &&
      !isOneOff(container) &&
      Object.keys(container.summary.NetworkSettings?.Networks ?? {}).sort(),
  }));
  return {
    containers: shown.sort((a, b) => ((a.name ?? "") < (b.name ?? "") ? -1 : 1)),
    networks: networks.map(({ Name }) => Name).sort(),
    volumes: volumes.map(({ Name }) => Name).sort(),
  };
}

describe.each(cases)("up, as in %s", (_, { world, plan, options, selected }) => {
  const whole = carryOut(plan(world).plan, world, "all").observed;

  it("leaves nothing to do", () => {
    expect(formatPlan(plan(whole, settled).plan)).toBe("");
  });

  it("can take its steps in any order that they allow, and be interrupted anywhere: the next up ends as it would have", () => {
    const { steps } = plan(world).plan;
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { maxLength: steps.length }), (choices) => {
        const first = carryOut(plan(world).plan, world, choices).observed;
        const second = carryOut(plan(first).plan, first, "all").observed;
        expect(outcomeOf(second, selected)).toEqual(outcomeOf(whole, selected));
        expect(formatPlan(plan(second, settled).plan)).toBe("");
      }),
      { numRuns: 60 },
    );
  });

  const creations = plan(world).plan.steps.filter((step): step is Extract<Step, { op: "create-container" }> => {
    return step.op === "create-container" && (step.files.length > 0 || step.connect.length > 0);
  });
  if (creations.length > 0 && options.noStart !== true) {
    it("can be interrupted within the making of a container", () => {
      for (const creation of creations) {
        const { steps } = plan(world).plan;
        const before = carryOut({ project: "shop", steps: steps.slice(0, steps.indexOf(creation)) }, world, "all");
        const half = createdBy(creation, before.observed, before.created, 0);
        const first = { ...before.observed, containers: [...before.observed.containers, half] };
        const second = carryOut(plan(first).plan, first, "all").observed;
        expect(outcomeOf(second, selected)).toEqual(outcomeOf(whole, selected));
      }
    });
  }
});
