import fc from "fast-check";
import { describe, it } from "vitest";
import { properties } from "./properties.ts";

/** `npm run fuzz` looks further, with other seeds. */
describe("for every input", () => {
  it.each(properties)("$title", async ({ property }) => {
    await fc.assert(property(), { numRuns: 300, seed: 20_260_901 });
  });
});
