import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { differences, isThere, unexplained } from "../scripts/schema-differences.mjs";

type Schema = Readonly<Record<string, unknown>>;

const schema: Schema = JSON.parse(readFileSync(new URL("../schemas/compose.schema.json", import.meta.url), "utf8"));

/** Every schema within a schema, with its place. Names of attributes are not keywords. */
function* subschemas(node: Schema, at: string): Generator<readonly [string, Schema]> {
  yield [at, node];
  for (const keyword of ["properties", "patternProperties", "$defs"]) {
    for (const [name, below] of Object.entries(node[keyword] ?? {}))
      yield* subschemas(below, `${at}/${keyword}/${name}`);
  }
  if (typeof node.items === "object" && node.items !== null) yield* subschemas({ ...node.items }, `${at}/items`);
}

describe("the schema, for editors", () => {
  const all = [...subschemas(schema, "#")];

  it("has an identity and a title", () => {
    expect(schema).toMatchObject({ $id: expect.any(String), title: "Compose file", $schema: expect.any(String) });
  });

  it("gives examples and defaults that it accepts itself", () => {
    const ajv = new Ajv2020({ strict: false });
    ajv.addSchema(schema);
    const refused = all.flatMap(([at, node]) => {
      const proposed = [
        ...(Array.isArray(node.examples) ? node.examples : []),
        ...("default" in node ? [node.default] : []),
      ];
      if (proposed.length === 0) return [];
      const pointer = at.split("/").map(encodeURIComponent).join("/").replace(/^%23/, "#");
      const validate = ajv.compile({ $ref: `${schema.$id}${pointer}` });
      return proposed.filter((value) => !validate(value)).map((value) => `${at}: ${JSON.stringify(value)}`);
    });
    expect(refused).toEqual([]);
    expect(all.filter(([, node]) => Array.isArray(node.examples)).length).toBeGreaterThan(60);
  });
});

describe.runIf(isThere)("the schema, beside the published one", () => {
  it("accepts and refuses the same documents, but for the differences that are explained", async () => {
    const { compared, refused, found } = await differences({ mutations: 5, seed: 20261125 });
    expect(unexplained(found)).toEqual([]);
    // Both verdicts must occur, or nothing was shown.
    expect(Math.min(refused, compared - refused)).toBeGreaterThan(1000);
  });
});
