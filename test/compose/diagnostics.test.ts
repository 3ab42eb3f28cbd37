import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { errorsPage } from "../../scripts/errors-page.mjs";
import { codes } from "../../src/compose/codes.ts";
import { answer, readCases, updateCase } from "./cases.ts";

const cases = readCases(join(import.meta.dirname, "diagnostics"));
const codeOf = (path: string) => basename(path).split(".")[0];

/** What is wrong with a project, as the user sees it; docs/errors.md is made of these. UPDATE=1 writes what is expected. */
describe("a finding", () => {
  it.each(cases.map((one) => [one.title, one] as const))("%s", async (_, one) => {
    const actual = await answer(one.given);
    if (process.env.UPDATE === "1") updateCase(one, actual);
    else expect(actual).toBe(one.expected);
    expect(actual).toContain(`[${codeOf(one.path)}]`);
  });

  it("has a case for every code, and no case for a code that is gone", () => {
    expect([...new Set(cases.map(({ path }) => codeOf(path)))].sort()).toEqual([...codes].sort());
  });

  it("stands in docs/errors.md as it is (`npm run docs` writes the page)", () => {
    expect(readFileSync(join(import.meta.dirname, "../../docs/errors.md"), "utf8")).toBe(errorsPage());
  });
});
