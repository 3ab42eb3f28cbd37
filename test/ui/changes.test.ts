import { expect, it } from "vitest";
import type { PlanEvent, Step } from "../../src/reconcile/plan.ts";
import { openChanges } from "../../src/ui/changes.ts";
import { container, create, start, web } from "./steps.ts";

const wait: Step = { id: 3, after: [2], op: "wait-container", subject: web, why: "", container, condition: "healthy" };
const at = 0;

/** What is kept of events. */
function changesOf(...events: PlanEvent[]) {
  const changes = openChanges();
  for (const event of events) changes.note(event);
  return changes.all;
}

it("keeps what was done, with the id of a container that the same plan has made", () => {
  const what = { kind: "container", name: "shop-web-1", service: "web", id: "9d1c" };
  expect(
    changesOf(
      { type: "started", step: create, at },
      { type: "succeeded", step: create, at, detail: "9d1c" },
      { type: "succeeded", step: start, at },
    ),
  ).toEqual([
    { action: "create-container", ...what, result: "done" },
    { action: "start-container", ...what, result: "done" },
  ]);
});

it("keeps what failed, why, and what was skipped because of it; a wait changes nothing", () => {
  expect(
    changesOf(
      { type: "failed", step: create, at, error: new Error("no such image") },
      { type: "skipped", step: start, at, because: 1 },
      { type: "succeeded", step: wait, at },
    ).map(({ action, result, message }) => [action, result, message]),
  ).toEqual([
    ["create-container", "failed", "no such image"],
    ["start-container", "skipped", undefined],
  ]);
});
