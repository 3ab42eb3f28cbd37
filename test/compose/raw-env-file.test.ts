import { describe, expect, it } from "vitest";
import { parseRawEnv } from "../../src/compose/raw-env-file.ts";

const parse = (text: string) =>
  parseRawEnv({ path: "/a.env", text }, (name) => (name === "HOME" ? "/root" : undefined));

describe("a raw env file", () => {
  it("is taken as it stands", () => {
    const text = `\uFEFF# comment\n\nA=1\n  B="x" # $C \nD=\r\nHOME\nUNSET\nE=a=b\nA=2`;
    expect([...parse(text).entries]).toEqual([
      ["A", "2"],
      ["B", '"x" # $C '],
      ["D", ""],
      ["HOME", "/root"],
      ["E", "a=b"],
    ]);
  });

  it.each([
    ["=x", "no variable name on line '=x'"],
    ["a b=x", "variable 'a b' contains whitespaces"],
    ["a =x", "variable 'a ' contains whitespaces"],
  ])("refuses %j with its line", (line, message) => {
    expect(parse(`A=1\n${line}\n`).errors).toEqual([{ message, start: 4, end: 4 + line.length }]);
  });
});
