import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { toYaml } from "../../../src/compose/render/yaml.ts";

describe("YAML output", () => {
  it.each([
    ["plain words", "plain words"],
    ["a:b", "a:b"],
    ["http://x:80/", "http://x:80/"],
    ["-x", "-x"],
    ["a#b", "a#b"],
    ["0.5.6", "0.5.6"],
    ["10.0.0.1", "10.0.0.1"],
    ["", '""'],
    ["yes", '"yes"'],
    ["n", '"n"'],
    ["null", '"null"'],
    ["~", '"~"'],
    ["true", '"true"'],
    ["010", '"010"'],
    ["0x1f", '"0x1f"'],
    ["1_000", '"1_000"'],
    ["1e3", '"1e3"'],
    ["1.", '"1."'],
    ["22:22", '"22:22"'],
    ["2024-01-31", '"2024-01-31"'],
    ["a: b", "'a: b'"],
    ["a:", "'a:'"],
    ["#x", "'#x'"],
    ["a #b", "'a #b'"],
    ["*x", "'*x'"],
    ["- x", "'- x'"],
    ["---x", "'---x'"],
    [" lead", "' lead'"],
    ["it's: so", "'it''s: so'"],
    ["tab\tx", '"tab\\tx"'],
    ["\x01", '"\\x01"'],
    ["😀", '"\\U0001F600"'],
    ["a\nb", "|-\n  a\n  b"],
    ["a\nb\n", "|\n  a\n  b"],
    ["a\n\n", "|+\n  a\n"],
    [" a\nb", "|2-\n   a\n  b"],
    ["a \nb", '"a \\nb"'],
  ])("writes the text %j as go-yaml does: %s", (text, written) => {
    expect(toYaml({ k: text })).toBe(`k: ${written}\n`);
  });

  it("sets lists in below their key and starts their mappings on the dash", () => {
    expect(toYaml({ a: [1, { b: [true, null], c: {} }, []], d: {} })).toBe(
      "a:\n  - 1\n  - b:\n      - true\n      - null\n    c: {}\n  - []\nd: {}\n",
    );
  });

  it("is read back as it was", () => {
    const text = fc.string({ unit: fc.constantFrom(..."ab1 \t\n:#-'\"\\,[]{}&*!|>%@`?~_.=é\u00a0\u2028$") });
    const value = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 3 }, text, tie("list"), tie("map")),
      list: fc.array(tie("value"), { maxLength: 3 }),
      map: fc.dictionary(text, tie("value"), { maxKeys: 3 }),
    })).map;
    fc.assert(
      fc.property(value, (data) => {
        const plain = JSON.parse(JSON.stringify(data));
        expect(parse(toYaml(plain))).toEqual(plain);
      }),
      { numRuns: 500 },
    );
  });
});
