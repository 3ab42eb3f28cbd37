#!/usr/bin/env node
/**
 * `npm run fuzz`: the property tests of the loader for as long as you like, with a new seed each time; and the hostile
 * projects at their full size. In CI the same properties run with a fixed seed (test/compose/properties.test.ts). Last, where
 * an engine answers (GANTRY_TEST_ENGINES, or as in `npm start`): random work on watched folders (test/scenarios/watch-property.test.ts).
 *
 *   node scripts/fuzz.mjs [--runs 100000] [--seed N] [--only WORD] [--watch-runs 500]
 *
 * `--runs` is the number of runs of all properties together. A failure prints the smallest input that was found, and the seed.
 */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import fc from "fast-check";
import { findEngine } from "./engine.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const { values: flags } = parseArgs({
  options: {
    runs: { type: "string", default: "100000" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    only: { type: "string", default: "" },
    "watch-runs": { type: "string", default: "500" },
  },
});
const { properties } = await import(pathToFileURL(path.join(root, "test/compose/properties.ts")).href);
const chosen = properties.filter(({ title }) => title.includes(flags.only));
const share = Math.ceil(Number(flags.runs) / Math.max(1, chosen.length));
let done = 0;
for (const { title, property } of chosen) {
  const start = Date.now();
  const result = await fc.check(property(), { numRuns: share, seed: Number(flags.seed) });
  done += result.numRuns;
  console.log(`${result.failed ? "FAIL" : "ok  "} ${title}: ${result.numRuns} runs, ${(Date.now() - start) / 1000} s`);
  if (result.failed) {
    console.log(fc.defaultReportMessage(result));
    process.exitCode = 1;
  }
}
console.log(`${done} runs, seed ${flags.seed}`);
if (flags.only === "") hostileProjects();
if ("watch".includes(flags.only)) await watchedFolders(flags["watch-runs"]);

/** Random sequences of work on watched folders; afterwards the container holds what the folder holds. */
async function watchedFolders(runs) {
  const engines = process.env.GANTRY_TEST_ENGINES ?? (await findEngine());
  if (engines === undefined) return console.log("left out: work on watched folders, no engine answers");
  const start = Date.now();
  const vitest = path.join(root, "node_modules/.bin/vitest");
  const args = ["run", "--project", "engine", "--testTimeout", String(Number(runs) * 10_000)];
  const child = spawnSync(vitest, [...args, "test/scenarios/watch-property.test.ts"], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, GANTRY_TEST_ENGINES: engines, GANTRY_FUZZ_RUNS: runs },
  });
  const failed = child.status !== 0;
  console.log(`${failed ? "FAIL" : "ok  "} work on watched folders: ${runs} runs, ${(Date.now() - start) / 1000} s`);
  if (!failed) return;
  console.log(`${child.stdout}${child.stderr}`);
  process.exitCode = 1;
}

/** The hostile projects at 1 MiB each, in a process whose heap is what is left of 256 MiB. */
function hostileProjects() {
  const options = ["--max-semi-space-size=8", "--max-old-space-size=160"];
  const run = path.join(root, "test/compose/hostile-run.ts");
  const child = spawnSync(process.execPath, [...options, run, String(2 ** 20)], {
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  const answers = child.stdout.split("\n").flatMap((line) => (line.startsWith('{"name"') ? [JSON.parse(line)] : []));
  const bad = answers.filter(({ outcome, time }) => !/^[a-z-]+$/.test(outcome) || time > 2000);
  for (const { name, outcome, time } of bad) console.log(`FAIL ${name}: ${outcome}, ${time} ms`);
  if (child.status !== 0) console.log(child.stderr);
  if (child.status !== 0 || bad.length > 0) process.exitCode = 1;
  else
    console.log(
      `ok   ${answers.length} hostile projects of 1 MiB, the slowest ${Math.max(...answers.map((a) => a.time))} ms`,
    );
}
