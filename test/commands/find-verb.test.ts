import { describe, expect, it } from "vitest";
import { findVerb, withoutIdle } from "../../src/commands/find-verb.ts";

describe("findVerb", () => {
  it("joins the words of a topic's verb", () => {
    expect(findVerb("alpha", ["viz", "--ports"])).toEqual({ verb: "alpha viz", after: ["--ports"] });
  });

  it("leaves a topic alone that is followed by a flag or by nothing", () => {
    expect(findVerb("alpha", ["--help"])).toEqual({ verb: "alpha", after: ["--help"] });
    expect(findVerb("alpha", [])).toEqual({ verb: "alpha", after: [] });
  });

  it("takes a verb of one word as it is", () => {
    expect(findVerb("up", ["alpha"])).toEqual({ verb: "up", after: ["alpha"] });
  });
});

describe("withoutIdle", () => {
  const idle = ["no-rm", "parallel"];

  it("leaves idle switches out, in either spelling, but not behind --", () => {
    const argv = ["--no-rm", "web", "--no-rm=false", "--", "--no-rm"];
    expect(withoutIdle(argv, { idle })).toEqual({ kept: ["web", "--", "--no-rm"], idle: ["--no-rm", "--no-rm=false"] });
  });

  it("keeps gantry's own --parallel, which takes a number", () => {
    expect(withoutIdle(["--parallel", "3", "web"], { idle }).kept).toEqual(["--parallel", "3", "web"]);
    expect(withoutIdle(["--parallel=3"], { idle }).kept).toEqual(["--parallel=3"]);
    expect(withoutIdle(["--parallel", "web"], { idle }).kept).toEqual(["web"]);
  });
});
