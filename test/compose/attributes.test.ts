import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { attributeAt, attributeNodeAt } from "../../src/compose/attributes.ts";

describe("what is known about an attribute", () => {
  it.each([
    [["services", "web", "environment"], { merge: "list", unique: "key" }],
    [["services", "web", "command"], { merge: "replace" }],
    [["services", "web", "ports"], { unique: "port", short: "ports" }],
    [["services", "web", "ports", 3, "target"], { cast: "int" }],
    [["services", "web", "volumes", 0], { short: "mount" }],
    [["services", "web", "volumes", 0, "source"], { path: "bind" }],
    [["services", "web", "ulimits", "nofile"], { cast: "int", merge: "ulimit", short: "ulimit" }],
    [["services", "web", "build"], { merge: "build", short: "build" }],
    [["services", "web", "build", "additional_contexts", "x"], { path: "context" }],
    [["services", "web", "depends_on", "db", "required"], { cast: "bool" }],
    [["services", "x-name", "tty"], { cast: "bool" }],
    [["networks", "n", "ipam", "config"], { merge: "ipam" }],
    [["volumes", "v", "external"], { cast: "bool" }],
    [["services", "web", "image"], undefined],
    [["services", "web", "environment", "tty"], undefined],
    [["services", "web", "x-tty"], undefined],
    [["services", "web", "constructor"], undefined],
    [["x-services", "web", "tty"], undefined],
    [["services", 0, "tty"], undefined],
  ])("%j", (path, attribute) => {
    expect(attributeAt(path)).toEqual(attribute);
  });

  it("includes the names that may stand there", () => {
    expect(attributeNodeAt(["services", "web", "logging"])?.names).toEqual(["driver", "options"]);
    expect(attributeNodeAt(["services"])?.names).toEqual([]);
  });
});

describe("the schema", () => {
  const schema = JSON.parse(readFileSync(new URL("../../schemas/compose.schema.json", import.meta.url), "utf8"));

  it("describes every attribute in one line", () => {
    const missing: string[] = [];
    const walk = (node: unknown, path: string) => {
      if (node === null || typeof node !== "object") return;
      const properties = "properties" in node && typeof node.properties === "object" ? (node.properties ?? {}) : {};
      for (const [name, property] of Object.entries(properties)) {
        const description: unknown = property?.description;
        if (typeof description !== "string" || !/^[^\n]+\.$/.test(description)) missing.push(`${path}.${name}`);
      }
      for (const [key, below] of Object.entries(node)) walk(below, `${path}.${key}`);
    };
    walk(schema, "");
    expect(missing).toEqual([]);
  });

  it("tells alternatives apart by kind, so that a finding is about the form that was written", () => {
    expect(JSON.stringify(schema)).not.toMatch(/"(oneOf|anyOf|allOf)"/);
  });
});
