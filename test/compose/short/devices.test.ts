import { describe, expect, it } from "vitest";
import { parseDevice } from "../../../src/compose/short/devices.ts";

describe("a device in short form", () => {
  it.each([
    ["/dev/a", ["/dev/a", "/dev/a", "rwm"]],
    ["/dev/a:/dev/b", ["/dev/a", "/dev/b", "rwm"]],
    ["/dev/a:/dev/b:r", ["/dev/a", "/dev/b", "r"]],
    ["vendor.com/class=dev", ["vendor.com/class=dev", "vendor.com/class=dev", "rwm"]],
  ])("%s", (spec, [source, target, permissions]) => {
    expect(parseDevice(spec)).toEqual({ value: { source, target, permissions } });
  });

  it("with too many colons is refused", () => {
    expect(parseDevice("a:b:c:d").error).toBe("confusing device mapping, please use long syntax: a:b:c:d");
  });
});
