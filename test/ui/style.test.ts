import { describe, expect, it } from "vitest";
import { makeStyle, takesColour } from "../../src/ui/style.ts";

describe("takesColour", () => {
  const terminal = { isTTY: true };
  it("follows the terminal when it is not told otherwise", () => {
    expect(takesColour("auto", terminal, {})).toBe(true);
    expect(takesColour("auto", {}, {})).toBe(false);
    expect(takesColour("auto", terminal, { TERM: "dumb" })).toBe(false);
  });

  it("does as it is told", () => {
    expect(takesColour("always", {}, {})).toBe(true);
    expect(takesColour("never", terminal, {})).toBe(false);
  });

  it("lets a non-empty NO_COLOR win over everything", () => {
    expect(takesColour("always", terminal, { NO_COLOR: "1" })).toBe(false);
    expect(takesColour("always", terminal, { NO_COLOR: "" })).toBe(true);
  });
});

describe("makeStyle", () => {
  it("nests several colours and leaves the text alone where none are taken", () => {
    expect(makeStyle(true)(["bold", "red"], "x")).toBe("\x1b[1m\x1b[31mx\x1b[39m\x1b[22m");
    expect(makeStyle(false)("red", "x")).toBe("x");
  });
});
