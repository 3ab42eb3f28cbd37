import { describe, expect, it } from "vitest";
import { bakeFile } from "../../../src/engine/builders/bake-file.ts";
import { buildOrder } from "../../../src/reconcile/build-order.ts";
import { goldenCases } from "../../reconcile/golden.ts";
import { projectOf } from "../../reconcile/project.ts";

describe("the file for bake is docker compose 2.40's, byte for byte but for the order of its targets", () => {
  goldenCases(new URL("bake-files/", import.meta.url), ["print"], (given) => {
    // What interpolation makes of it.
    const text = (given.get("compose.yaml") ?? "").split("$$").join("$");
    const model = projectOf(text, new Map([["TOKEN", "t"]]));
    const built = [...model.services.values()].filter(({ build }) => build !== undefined);
    const orders = built.map((service) => buildOrder(model, service, { version: "0.1.0" }).order);
    return `-- print --\n${bakeFile(orders)}\n`;
  });
});

it("prints what a check is, and a push", () => {
  const model = projectOf("services: {web: {build: .}}");
  const [service] = model.services.values();
  if (service === undefined) throw new Error("the project has no service");
  const print = (options: object) => bakeFile([buildOrder(model, service, { version: "1", ...options }).order]);
  expect(print({ push: true })).toContain('"output": [\n        "type=registry"\n      ]');
  expect(print({ check: true })).toContain('"call": "lint"');
  expect(print({ check: true })).not.toContain("output");
});
