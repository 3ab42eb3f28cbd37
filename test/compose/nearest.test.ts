import { describe, expect, it } from "vitest";
import { nearest, suggestion } from "../../src/compose/nearest.ts";

describe("the nearest name", () => {
  it.each([
    ["dbb", ["db", "web"], "db"],
    ["iamge", ["image", "init"], "image"],
    ["enviroment", ["environment", "env_file"], "environment"],
    ["depends-on", ["depends_on"], "depends_on"],
    ["Image", ["image"], "image"],
    ["wbe", ["web", "db"], "web"],
    ["depends", ["deploy", "depends_on"], "depends_on"],
    ["blki", ["blkio_config", "blkio_other"], undefined],
    ["ab", ["xy"], undefined],
    ["x", ["y"], undefined],
    ["web", ["web"], undefined],
    ["restart_policy", ["restart", "ports"], undefined],
  ])("to %s among %j is %s", (name, names, found) => {
    expect(nearest(name, names)).toBe(found);
  });

  it("is offered as a question", () => {
    expect(suggestion("dbb", ["db"])).toBe('did you mean "db"?');
  });
});
