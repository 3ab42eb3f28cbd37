import { expect, it } from "vitest";
import { makeFilter } from "../../src/watch/filter.ts";

const taken = (filter: ReturnType<typeof makeFilter>, ...paths: readonly string[]) =>
  paths.filter((each) => filter.takes(`/p/src/${each}`));

it("leaves out what git and editors write beside a person's files", () => {
  const filter = makeFilter({ base: "/p/src", ignore: [] });
  const temporary = [".git/index", ".a.swp", "a~", "4913", ".#a", "#a#", "deep/.idea/x.xml", "deep/b___jb_tmp___"];
  expect(taken(filter, "a", "deep/a.js", ".gitignore", ".env", ...temporary)).toEqual([
    "a",
    "deep/a.js",
    ".gitignore",
    ".env",
  ]);
});

it("takes what `include` names and `ignore` does not, relative to the rule's path", () => {
  const filter = makeFilter({ base: "/p/src", include: ["*.js", "lib"], ignore: ["lib/old", "!lib/old/kept.js"] });
  expect(taken(filter, "a.js", "b.css", "lib/c.css", "lib/old/d.js", "lib/old/kept.js")).toEqual([
    "a.js",
    "lib/c.css",
    "lib/old/kept.js",
  ]);
});

it("reads .dockerignore relative to the build's context, and looks into a folder only if an exception may be in it", () => {
  const text = "src/node_modules\nsrc/build\n!src/build/kept\n";
  const filter = makeFilter({ base: "/p/src", ignore: [], dockerignore: { context: "/p", text } });
  expect(taken(filter, "a", "node_modules/x", "build/x", "build/kept")).toEqual(["a", "build/kept"]);
  expect(filter.mayHold("/p/src/node_modules")).toBe(false);
  expect(filter.mayHold("/p/src/build")).toBe(true);
});

it("takes nothing outside of its base", () => {
  const filter = makeFilter({ base: "/p/src", ignore: [] });
  expect(filter.takes("/p/other")).toBe(false);
  expect(filter.takes("/p/src2/a")).toBe(false);
});
