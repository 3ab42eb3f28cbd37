import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

/** Runs a bundle in a process of its own; what it prints. */
function run(bundle: string, cache: string | undefined, ...argv: string[]): string {
  const loader = path.resolve("bin/load-bundle.js");
  const program = `require(${JSON.stringify(loader)})(...JSON.parse(process.argv[1]))`;
  return execFileSync(process.execPath, ["-e", program, JSON.stringify([bundle, cache ?? null, argv])], {
    encoding: "utf8",
  });
}

let folder = "";
let bundle = "";
let cache = "";

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "gantry-bundle-"));
  bundle = path.join(folder, "bundle.cjs");
  cache = path.join(folder, "cache");
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (digest: string, code: string) => writeFileSync(bundle, `// ${digest} up down\n${code}\n`);
const caches = () => readdirSync(cache).map((name) => name.replace(/.*-/, ""));

it("keeps a code cache for each verb, and runs with it as without", () => {
  write("0a", `const say = () => console.log("one", require("node:path").basename(__filename)); say();`);
  for (const expected of [["up"], ["up"]]) {
    expect(run(bundle, cache, "-p", "shop", "up", "-d")).toBe("one bundle.cjs\n");
    expect(caches()).toEqual(expected);
  }
  run(bundle, cache, "down");
  run(bundle, cache);
  expect(caches()).toEqual(["down", "help", "up"]);
});

it("writes a cache once, and lets nobody else read it", () => {
  write("0a", `console.log("one")`);
  run(bundle, cache, "up");
  const file = path.join(cache, readdirSync(cache)[0] ?? "");
  const { ino, mode } = statSync(file);
  run(bundle, cache, "up");
  expect(statSync(file).ino).toBe(ino);
  expect(mode & 0o777).toBe(0o600);
});

it("runs a new bundle of the same length, not the old one's cache", () => {
  write("0a", `console.log("one")`);
  run(bundle, cache, "up");
  write("0b", `console.log("two")`);
  expect(run(bundle, cache, "up")).toBe("two\n");
  expect(caches()).toEqual(["up"]);
});

it("writes a damaged cache anew", () => {
  write("0a", `console.log("one")`);
  run(bundle, cache, "up");
  const file = path.join(cache, readdirSync(cache)[0] ?? "");
  const size = statSync(file).size;
  writeFileSync(file, readFileSync(file).subarray(0, 40));
  expect(run(bundle, cache, "up")).toBe("one\n");
  expect(statSync(file).size).toBe(size);
});

it("runs without a cache where there is no place for one", () => {
  write("0a", `console.log("one")`);
  expect(run(bundle, undefined, "up")).toBe("one\n");
  writeFileSync(cache, "not a folder");
  expect(run(bundle, cache, "up")).toBe("one\n");
});
