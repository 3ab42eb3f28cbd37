import { expect, it } from "vitest";
import { openPathList } from "../../../src/engine/builders/path-list.ts";

it("gives each of many paths back by its number", () => {
  const list = openPathList();
  const paths = Array.from({ length: 3000 }, (_, i) => `d${i % 7}/ä ${i}\n`);
  for (const path of paths) list.add(path);
  expect(paths.map((_, i) => list.at(i))).toEqual(paths);
  expect([list.at(1), list.at(2999), list.at(1024)]).toEqual([paths[1], paths[2999], paths[1024]]);
  expect([list.at(3000), list.at(1_000_000), list.at(-1)]).toEqual([undefined, undefined, undefined]);
});
