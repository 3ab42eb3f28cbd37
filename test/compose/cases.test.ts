import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { answer, readCases, updateCase } from "./cases.ts";

/** The format, as reference by example: each folder is an area, each file one behaviour. UPDATE=1 writes what is expected. */
describe("the loader", () => {
  it.each(readCases(join(import.meta.dirname, "cases")).map((one) => [one.title, one] as const))(
    "%s",
    async (_, one) => {
      const actual = await answer(one.given);
      if (process.env.UPDATE === "1") updateCase(one, actual);
      else expect(actual).toBe(one.expected);
    },
  );
});
