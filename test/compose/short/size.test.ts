import { describe, expect, it } from "vitest";
import { parseSize } from "../../../src/compose/short/size.ts";

describe("a size", () => {
  it.each([
    ["0", 0],
    ["512", 512],
    ["-1", -1],
    ["64b", 64],
    ["64k", 65536],
    ["64K", 65536],
    ["64kb", 65536],
    ["64KiB", 65536],
    ["5m", 5242880],
    ["1.5g", 1610612736],
    ["2 gb", 2147483648],
    ["1t", 1024 ** 4],
    ["1p", 1024 ** 5],
    ["0.3k", 307],
  ])("%s is %d bytes", (text, bytes) => {
    expect(parseSize(text)).toEqual({ value: bytes });
  });

  it.each(["", "m", "5x", "5mm", "5 m b", "-5m", "1,5g", "5kbi", "0x10"])("%j is refused", (text) => {
    expect(parseSize(text).error).toBe(`invalid size: '${text}'`);
  });
});
