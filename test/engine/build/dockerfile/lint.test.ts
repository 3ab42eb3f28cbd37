import { describe, expect, it } from "vitest";
import { lint } from "../../../../src/engine/build/dockerfile/lint.ts";
import { parseDockerfile } from "../../../../src/engine/build/dockerfile/parse.ts";
import { placeOf } from "../../../../src/errors.ts";
import { goldenCases } from "../../../reconcile/golden.ts";

const findings = (text: string): readonly string[] =>
  lint(parseDockerfile({ path: "Dockerfile", text })).map(
    ({ rule, detail, span }) => `${placeOf(text, span.start).line}: ${rule}: ${detail}`,
  );

/** By line, then as text: those of one line have no order. */
const sorted = (lines: readonly string[]) =>
  lines.toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10) || (a < b ? -1 : 1));

describe("the check of a Dockerfile", () => {
  goldenCases(new URL("lint/", import.meta.url), ["warnings"], (given) => {
    const found = sorted(findings(given.get("Dockerfile") ?? ""));
    return `-- warnings --\n${found.join("\n")}\n`;
  });

  it.each([
    [
      "one that is as it should be",
      'FROM scratch AS base\nARG A=1\nENV A=1 B="x y"\nWORKDIR /a\nWORKDIR b\nCMD ["a"]\n',
    ],
    ["small letters throughout", "from scratch as base\nenv a=1\nexpose 80/tcp\n"],
    ["names that only sound secret", "FROM scratch\nARG PUBLIC_KEY\nENV MONKEY=1\n"],
    ["platforms that follow from variables", "FROM --platform=$BUILDPLATFORM scratch\n"],
  ])("has nothing to say of %s", (_, text) => {
    expect(findings(text)).toEqual([]);
  });
});
