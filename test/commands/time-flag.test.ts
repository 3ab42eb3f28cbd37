import { describe, expect, it } from "vitest";
import { parseTime } from "../../src/commands/time-flag.ts";
import { UsageError } from "../../src/errors.ts";

const now = Date.parse("2026-11-24T05:00:00Z");
const seconds = now / 1000;

describe("parseTime", () => {
  it.each([
    ["1136073600", "1136073600"],
    ["1136073600.000000001", "1136073600.000000001"],
    ["42m", `${seconds - 42 * 60}.000`],
    ["1h30m", `${seconds - 5400}.000`],
    ["1.5s", `${seconds - 2}.500`],
    ["250ms", `${seconds - 1}.750`],
    ["2026-11-24T05:00:00Z", `${seconds}`],
    ["2026-11-24T05:00:00.123456789Z", `${seconds}.123456789`],
    ["2026-11-24T06:00:00+01:00", `${seconds}`],
    ["2026-11-24T05Z", `${seconds}`],
  ])("turns %s into the engine's seconds", (text, expected) => {
    expect(parseTime("since", text, now)).toBe(expected);
  });

  it("takes a time without a zone as local", () => {
    expect(parseTime("since", "2026-11-24", now)).toBe(`${new Date(2026, 10, 24).getTime() / 1000}`);
  });

  it.each(["yesterday", "", "10x", "2026-13-01T00:00:00Z", "m"])("refuses %j", (text) => {
    expect(() => parseTime("until", text, now)).toThrow(UsageError);
  });
});
