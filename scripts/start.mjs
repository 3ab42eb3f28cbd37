#!/usr/bin/env node
/**
 * `npm start`: from a clean clone to a running example. Installs what is missing, builds gantry, brings examples/quickstart
 * up (on the docker or podman that answers, else on the embedded engine), fetches its page, and says where it is. Run
 * again, it changes nothing.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { ensureNode24AndModules, root, run } from "./bootstrap.mjs";
import { ensureHostParts } from "./embedded.mjs";
import { ensureBusybox, findEngine } from "./engine.mjs";

ensureNode24AndModules();
if (!ensureBusybox()) process.exit(1);
const bundle = path.join(root, "dist/gantry.cjs");
const example = path.join(root, "examples/quickstart");

if (!isFresh()) must(run(process.execPath, ["scripts/build.mjs"]), "building gantry");
const { GANTRY_ENGINE: named = (await findEngine()) ?? "embedded" } = process.env;
if (named === "embedded" && !ensureHostParts()) process.exit(1);
must(run(process.execPath, [path.join(example, "prepare.mjs")]), "preparing the example");
const before = containerIds();
must(gantry("up", "-d", "--wait", "--build"), "gantry up");
const address = `http://localhost:${publishedPort()}`;
const page = await (await fetch(address)).text();
must(gantry("ps"), "gantry ps");
const unchanged = before.length > 0 && before.join() === containerIds().join();
console.log(unchanged ? "\nEverything was up already: nothing was changed." : "");
console.log(`${/<h1>(.*)<\/h1>/.exec(page)?.[1] ?? page}: ${address}`);
console.log("Take it down with: bin/gantry -f examples/quickstart/compose.yaml down");

function gantry(...args) {
  return run(process.execPath, command(args));
}

function command(args) {
  return [path.join(root, "bin/gantry"), "-f", path.join(example, "compose.yaml"), ...args];
}

/** What a verb prints. */
function output(...args) {
  const done = spawnSync(process.execPath, command(args), { encoding: "utf8" });
  must(done.status, `gantry ${args.join(" ")}`);
  return done.stdout;
}

function containerIds() {
  return output("ps", "-a", "-q").trim().split("\n").filter(Boolean).toSorted();
}

/** The host's port of the page, as `ps` says it. */
function publishedPort() {
  const rows = output("ps", "--format", "json")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const publishers = rows.flatMap((row) => row.Publishers ?? []);
  return publishers.find((publisher) => publisher.PublishedPort > 0)?.PublishedPort ?? 8088;
}

/** Whether the bundle is newer than everything that it is made of. */
function isFresh() {
  if (!existsSync(bundle)) return false;
  const built = statSync(bundle).mtimeMs;
  const sources = ["src", "schemas", "scripts"].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name)),
  );
  return [...sources, path.join(root, "package-lock.json")].every((file) => statSync(file).mtimeMs <= built);
}

function must(status, what) {
  if (status === 0) return;
  console.error(`gantry: ${what} failed`);
  process.exit(status ?? 1);
}
