import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDuration, parseDuration } from "../../../src/compose/short/duration.ts";

describe("a duration", () => {
  it.each([
    ["0", 0, "0s"],
    ["10s", 10e9, "10s"],
    ["1m30s", 90e9, "1m30s"],
    ["90s", 90e9, "1m30s"],
    ["1h", 3600e9, "1h0m0s"],
    ["1d", 86400e9, "24h0m0s"],
    ["1w", 7 * 86400e9, "168h0m0s"],
    ["1.5s", 1.5e9, "1.5s"],
    [".5s", 0.5e9, "500ms"],
    ["1.s", 1e9, "1s"],
    ["250us", 250e3, "250µs"],
    ["250µs", 250e3, "250µs"],
    ["7ns", 7, "7ns"],
    ["1h1ms", 3600e9 + 1e6, "1h0m0.001s"],
    ["-5s", -5e9, "-5s"],
    ["+5s", 5e9, "5s"],
  ])("%s is %d nanoseconds and is printed as %s", (text, nanoseconds, printed) => {
    expect(parseDuration(text)).toEqual({ value: nanoseconds });
    expect(formatDuration(nanoseconds)).toBe(printed);
  });

  it.each([
    ["10", 'missing unit in duration "10"'],
    ["1m30", 'missing unit in duration "1m30"'],
    ["", 'invalid duration ""'],
    ["s", 'invalid duration "s"'],
    [".s", 'invalid duration ".s"'],
    ["-", 'invalid duration "-"'],
    ["1y", 'unknown unit "y" in duration "1y"'],
    ["1 s", 'unknown unit " s" in duration "1 s"'],
    ["1S", 'unknown unit "S" in duration "1S"'],
  ])("%j is refused: %s", (text, error) => {
    expect(parseDuration(text).error).toBe(error);
  });

  it("reads back as it was printed", () => {
    fc.assert(
      fc.property(fc.integer({ min: -9e15, max: 9e15 }), (nanoseconds) => {
        expect(parseDuration(formatDuration(nanoseconds)).value).toBe(nanoseconds);
      }),
    );
  });
});
