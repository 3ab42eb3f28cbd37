#!/usr/bin/env node
/**
 * `npm run fuzz`: the property tests of the loader for as long as you like, with a new seed each time; and the hostile
 * projects at their full size. In CI the same properties run with a fixed seed (test/compose/properties.test.ts).
 *
 *   node scripts/fuzz.mjs [--runs 100000] [--seed N] [--only WORD] [--write]
 *
 * `--runs` is the number of runs of all properties together. A failure prints the smallest input that was found, and the seed.
 * --write puts the count into docs/benchmarks.md.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import fc from "fast-check";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const { values: flags } = parseArgs({
  options: {
    runs: { type: "string", default: "100000" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    only: { type: "string", default: "" },
    write: { type: "boolean", default: false },
  },
});
const { properties } = await import(pathToFileURL(path.join(root, "test/compose/properties.ts")).href);
const chosen = properties.filter(({ title }) => title.includes(flags.only));
const share = Math.ceil(Number(flags.runs) / chosen.length);
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
if (flags.write && process.exitCode === undefined) writeReport();

function writeReport() {
  const file = path.join(root, "docs/benchmarks.md");
  const before = existsSync(file) ? readFileSync(file, "utf8") : "# Benchmarks\n";
  const section = `## The loader under random input

\`npm run fuzz -- --runs ${flags.runs}\`, seed ${flags.seed}, ${new Date().toISOString().slice(0, 10)}: ${done} runs of ${chosen.length} properties
(mutated corpus files, templates, env files, ports, mounts, merges, round trips through \`config\`), no exception but diagnostics,
no property broken.
`;
  const others = before.split(/^(?=## )/m).filter((part) => !part.startsWith("## The loader under random input"));
  writeFileSync(file, `${[...others.map((part) => part.trimEnd()), section.trimEnd()].join("\n\n")}\n`);
}
