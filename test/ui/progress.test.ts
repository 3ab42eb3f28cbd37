import { describe, expect, it } from "vitest";
import type { Plan, PlanEvent, Step } from "../../src/reconcile/plan.ts";
import { jsonLine, lineProgress, openProgress, plainLine } from "../../src/ui/progress.ts";
import type { Status } from "../../src/ui/status.ts";
import { create, start, web } from "./steps.ts";

const pull: Step = {
  id: 1,
  after: [],
  op: "pull-image",
  subject: { kind: "image", name: "nginx", service: "web" },
  why: "missing",
  reference: "nginx",
};

/** What is printed for events: `create started`, `create succeeded` … */
function print(plan: Plan, events: PlanEvent[], line: (status: Status) => string): string {
  let text = "";
  const progress = lineProgress((piece) => {
    text += piece;
  }, line);
  progress.begin(plan);
  for (const event of events) progress.event(event);
  return text;
}

const at = 0;
const through = (...steps: Step[]): PlanEvent[] =>
  steps.flatMap((step) => [
    { type: "started", step, at },
    { type: "succeeded", step, at },
  ]);

describe("plain progress", () => {
  it("prints each change of a thing once, in docker compose's words", () => {
    expect(print({ project: "shop", steps: [create, start] }, through(create, start), plainLine())).toBe(
      [
        " Container shop-web-1  Creating",
        " Container shop-web-1  Created",
        " Container shop-web-1  Starting",
        " Container shop-web-1  Started",
        "",
      ].join("\n"),
    );
  });

  it("says of a thing that failed only that, not what is left out because of it", () => {
    const events: PlanEvent[] = [
      { type: "started", step: create, at },
      { type: "failed", step: create, at, error: new Error("no space") },
      { type: "skipped", step: start, at, because: 1 },
    ];
    expect(print({ project: "shop", steps: [create, start] }, events, plainLine())).toBe(
      " Container shop-web-1  Creating\n Container shop-web-1  Error\n",
    );
  });

  it("passes on what the engine warns of", () => {
    const warned: PlanEvent = { type: "warned", step: create, at, text: "no swap limit here" };
    expect(print({ project: "shop", steps: [create] }, [warned], plainLine())).toBe(
      " Container shop-web-1  Warning: no swap limit here\n",
    );
  });

  it("shows the steps of a replacement as one", () => {
    const old = { id: "abc" };
    const steps: Step[] = [
      { ...create, name: "shop-web-1.new", subject: { ...web, name: "shop-web-1.new" } },
      { id: 2, after: [1], op: "stop-container", subject: web, why: "", container: old },
      { id: 3, after: [2], op: "remove-container", subject: web, why: "", container: old, volumes: false },
      {
        id: 4,
        after: [3],
        op: "rename-container",
        subject: web,
        why: "",
        container: { createdBy: 1 },
        to: "shop-web-1",
      },
      { id: 5, after: [4], op: "start-container", subject: web, why: "", container: { createdBy: 1 } },
    ];
    expect(print({ project: "shop", steps }, through(...steps), plainLine())).toBe(
      [
        " Container shop-web-1  Recreate",
        " Container shop-web-1  Recreated",
        " Container shop-web-1  Starting",
        " Container shop-web-1  Started",
        "",
      ].join("\n"),
    );
  });

  it("marks a failed step, and says with a milder word what is wrong with one that may fail", () => {
    const error = new Error("port is already allocated");
    const failed = (step: Step): PlanEvent[] => [{ type: "failed", step, at, error }];
    expect(print({ project: "shop", steps: [start] }, failed(start), plainLine())).toBe(
      " Container shop-web-1  Error\n",
    );
    expect(print({ project: "shop", steps: [start] }, failed({ ...start, optional: true }), plainLine())).toBe(
      " Container shop-web-1  Starting failed: port is already allocated\n",
    );
  });

  it("shows a build's lines and not a pull's layers", () => {
    const layer: PlanEvent = { type: "progress", step: pull, at, id: "a1", text: "Downloading", current: 1, total: 2 };
    const image = { kind: "image", name: "shop-web", service: "web" } as const;
    const build: Step = {
      id: 2,
      after: [],
      op: "build-image",
      subject: image,
      why: "",
      order: { name: "web", tags: ["shop-web"], context: "/", args: {}, labels: {} },
    };
    const line: PlanEvent = { type: "progress", step: build, at, text: "Step 1/2 : FROM scratch\n" };
    expect(print({ project: "shop", steps: [pull, build] }, [layer, line], plainLine())).toBe(
      " Image shop-web  Step 1/2 : FROM scratch\n",
    );
  });
});

describe("JSON progress", () => {
  it("is one object a line, in docker compose's shape", () => {
    const layer: PlanEvent = { type: "progress", step: pull, at, id: "a1", text: "Downloading", current: 1, total: 4 };
    const lines = print({ project: "shop", steps: [pull] }, [...through(pull), layer], jsonLine)
      .trimEnd()
      .split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { id: "Image nginx", status: "Working", text: "Pulling" },
      { id: "Image nginx", status: "Done", text: "Pulled" },
      { id: "a1", parent_id: "Image nginx", status: "Working", text: "Downloading", current: 1, total: 4, percent: 25 },
    ]);
  });
});

describe("openProgress", () => {
  it("says nothing when it is to be quiet", async () => {
    const written: string[] = [];
    const out = Object.assign(Object.create(process.stderr), { write: (text: string) => written.push(text) });
    const progress = await openProgress({ mode: "quiet", out });
    progress.begin({ project: "shop", steps: [create] });
    progress.event({ type: "started", step: create, at });
    await progress.end();
    expect(written).toEqual([]);
  });

  it("leaves out what a quiet pull says between beginning and end", async () => {
    const written: string[] = [];
    const out = Object.assign(Object.create(process.stderr), { write: (text: string) => written.push(text) });
    const progress = await openProgress({ mode: "json", out, quietPull: true });
    progress.begin({ project: "shop", steps: [pull] });
    progress.event({ type: "started", step: pull, at });
    progress.event({ type: "progress", step: pull, at, text: "Downloading" });
    progress.event({ type: "succeeded", step: pull, at });
    expect(written.map((line) => JSON.parse(line).text)).toEqual(["Pulling", "Pulled"]);
  });
});
