import { expect, it } from "vitest";
import { holdBack } from "../../src/reconcile/held-back.ts";
import type { Plan } from "../../src/reconcile/plan.ts";

const subject = { kind: "container", name: "shop-web-run-1", service: "web" } as const;
const hook = { phase: "post_start", command: ["warm"], env: [] } as const;
const plan: Plan = {
  project: "shop",
  steps: [
    {
      id: 1,
      op: "create-network",
      body: { Name: "shop_default" },
      subject: { kind: "network", name: "x" },
      why: "",
      after: [],
    },
    {
      id: 2,
      op: "create-container",
      name: "shop-web-run-1",
      body: {},
      files: [],
      connect: [],
      subject,
      why: "",
      after: [1],
    },
    { id: 3, op: "start-container", container: { createdBy: 2 }, subject, why: "", after: [1, 2] },
    { id: 4, op: "run-hook", container: { createdBy: 2 }, hook, subject, why: "", after: [3] },
  ],
};

it("holds back a step and what waits for it; later it works on what was made meanwhile", () => {
  const { now, later } = holdBack(plan, ({ op }) => op === "start-container");
  expect(now.steps.map(({ id }) => id)).toEqual([1, 2]);
  const { steps } = later(new Map([[2, "abc"]]));
  expect(steps).toMatchObject([
    { id: 3, container: { id: "abc" }, after: [] },
    { id: 4, container: { id: "abc" }, after: [3] },
  ]);
});
