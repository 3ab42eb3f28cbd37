import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeFilter } from "../../src/watch/filter.ts";
import { readTree, rootsOf } from "../../src/watch/read-tree.ts";
import type { Rule } from "../../src/watch/rules.ts";
import type { Change } from "../../src/watch/tree.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "gantry-tree-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (...parts: readonly string[]) => path.join(folder, ...parts);
const ruleFor = (file: string, ignore: readonly string[] = [], isFile = false): Rule => ({
  service: "web",
  action: "sync",
  path: file,
  isFile,
  target: "/app",
  initialSync: false,
  filter: makeFilter({ base: file, ignore }),
});
const open = (...rules: readonly Rule[]) =>
  readTree(rules, ({ message }) => {
    throw new Error(message);
  });
const told = (changes: readonly Change[]) =>
  changes.map(({ op, path: file }) => `${op} ${path.relative(folder, file)}`);

it("tells what became of a path: written, made, removed, and with what was in it", () => {
  mkdirSync(at("d"));
  writeFileSync(at("d/x"), "1");
  const tree = open(ruleFor(folder));
  expect(tree.look([at("nothing")])).toEqual([]);
  writeFileSync(at("d/x"), "22");
  symlinkSync("d/x", at("link"));
  expect(told(tree.look([at("d/x"), at("link")]))).toEqual(["put d/x", "put link"]);
  chmodSync(at("d/x"), 0o755);
  expect(told(tree.look([at("d/x")]))).toEqual(["put d/x"]);
  renameSync(at("d"), at("e"));
  expect(told(tree.look([at("d"), at("e")]))).toEqual(["delete d", "put e", "put e/x"]);
  rmSync(at("e"), { recursive: true });
  writeFileSync(at("e"), "a file");
  expect(told(tree.look([at("e")]))).toEqual(["delete e", "put e"]);
});

it("finds all of a new folder by a path deep in it, and what nobody told of when it looks at a whole folder", () => {
  const tree = open(ruleFor(folder));
  mkdirSync(at("a/b"), { recursive: true });
  writeFileSync(at("a/b/c"), "");
  writeFileSync(at("a/untold"), "");
  expect(told(tree.look([at("a/b/c")]))).toEqual(["put a", "put a/b", "put a/b/c", "put a/untold"]);
  writeFileSync(at("a/b/later"), "");
  expect(told(tree.look([folder], new Set([folder])))).toContain("put a/b/later");
});

it("does not look at what no rule takes", () => {
  mkdirSync(at("node_modules"));
  const tree = open(ruleFor(folder, ["node_modules"]));
  writeFileSync(at("node_modules/x"), "");
  expect(tree.look([at("node_modules/x")])).toEqual([]);
});

it("watches the folder of a single file, and one folder for rules that lie in one another", () => {
  expect(rootsOf([ruleFor("/p/a/file", [], true), ruleFor("/p/b"), ruleFor("/p/b/c")])).toEqual(["/p/a", "/p/b"]);
});

it("looks at everything again, and tells what changed since it looked last", () => {
  mkdirSync(at("d"));
  writeFileSync(at("d/x"), "");
  writeFileSync(at("y"), "");
  const tree = open(ruleFor(folder));
  rmSync(at("y"));
  writeFileSync(at("d/z"), "");
  expect(told(tree.lookAtAll()).filter((change) => change !== "put d/x")).toEqual(["put d/z", "delete y"]);
});

it("looks at all that is in a directory which has taken the place of another", () => {
  mkdirSync(at("d/old"), { recursive: true });
  const tree = open(ruleFor(folder));
  rmSync(at("d"), { recursive: true });
  mkdirSync(at("d/new"), { recursive: true });
  expect(told(tree.look([at("d")]))).toEqual(["put d", "delete d/old", "put d/new"]);
});
