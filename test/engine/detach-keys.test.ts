import { describe, expect, it } from "vitest";
import { parseDetachKeys, scanDetachKeys } from "../../src/engine/detach-keys.ts";

describe("detach keys", () => {
  it.each<[string | undefined, number[]]>([
    [undefined, [0x10, 0x11]],
    ["", [0x10, 0x11]],
    ["a", [0x61]],
    ["ctrl-a,x,ctrl-@", [0x01, 0x78, 0x00]],
    ["ctrl-[", [0x1b]],
    ["ctrl-_", [0x1f]],
  ])("%s", (text, bytes) => expect([...parseDetachKeys(text)]).toEqual(bytes));

  it.each(["ctrl-", "ctrl-1", "ab", "ctrl-a,", "é"])("%s are none", (text) => {
    expect(() => parseDetachKeys(text)).toThrow(expect.objectContaining({ status: 400 }));
  });
});

describe("input", () => {
  const scan = (...pieces: readonly string[]) => {
    const next = scanDetachKeys(parseDetachKeys("x,y,z"));
    return pieces.map((piece) => {
      const { pass, detached } = next(Buffer.from(piece));
      return `${pass}${detached ? "!" : ""}`;
    });
  };

  it("passes until the keys come, in one piece or in several", () => {
    expect(scan("abxyzc")).toEqual(["ab!"]);
    expect(scan("ax", "y", "z")).toEqual(["a", "", "!"]);
  });

  it("passes on what only began like the keys", () => {
    expect(scan("x", "yb")).toEqual(["", "xyb"]);
    expect(scan("xxyz")).toEqual(["x!"]);
    expect(scan("xyx", "yz")).toEqual(["xy", "!"]);
  });
});
