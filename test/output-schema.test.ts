import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { jsonPage } from "../scripts/json-page.mjs";
import { verbs } from "../src/commands/verbs.ts";
import { mistakes, resultOf, schema } from "./commands/output-shapes.ts";

const definitions = Object.entries(schema.$defs);
const commands = [...verbs.keys()];

describe("the schema of --json", () => {
  it("has a shape for every command, and none for others", () => {
    const shapes = definitions.map(([name]) => name).filter((name) => name.startsWith("result-"));
    expect(shapes.toSorted()).toEqual(commands.map(resultOf).toSorted());
  });

  it("says of each shape what it is, and gives an example of it that is as it says", () => {
    const lines = definitions.filter(([name, { allOf }]) => allOf !== undefined && name !== "result");
    const wrong = lines.flatMap(([name, { description, examples = [] }]) => [
      ...(description === undefined ? [`${name}: no description`] : []),
      ...(examples.length === 0 ? [`${name}: no example`] : []),
      ...examples.flatMap((example) => mistakes(name, example).map((mistake) => `${name}: ${mistake}`)),
    ]);
    expect(wrong).toEqual([]);
  });

  it("names every line there is, and lets commands print only such", () => {
    const kinds = schema.anyOf.map(({ $ref }) => $ref.replace("#/$defs/", ""));
    const lines = definitions.filter(([name, { allOf }]) => allOf !== undefined && name !== "result");
    expect(kinds.toSorted()).toEqual(lines.map(([name]) => name).toSorted());
    const allowed = new Set(definitions.flatMap(([, shape]) => shape["x-lines"] ?? []));
    expect([...allowed].filter((name) => !kinds.includes(name))).toEqual([]);
  });

  it("finds what it does not describe", () => {
    const version = { gantry: 1, type: "result", command: "version", exitCode: 0, version: "1.0" };
    expect(mistakes("result-version", version)).toEqual([]);
    expect(mistakes("result-version", { ...version, more: 1 })).not.toEqual([]);
    expect(mistakes("result-version", { ...version, gantry: 2 })).not.toEqual([]);
    const ports = { gantry: 1, type: "result", command: "container port", exitCode: 0, ports: [{ target: "80/tcp" }] };
    expect(mistakes("result-container-port", ports)).not.toEqual([]);
  });

  it("stands in docs/json.md as it is (`npm run docs` writes the page)", async () => {
    const page = readFileSync(path.join(import.meta.dirname, "../docs/json.md"), "utf8");
    expect(page).toBe(jsonPage());
  });
});
