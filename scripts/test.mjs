#!/usr/bin/env node
/**
 * `npm test`: everything that can be tested on this machine, in stages: build, lint, types, unit tests, conformance with
 * docker compose's recorded answers, and the tests that need an engine. Without an engine (and without root to get one)
 * those are left out, which is said; with CI=true that is a failure. Ends with `N passed, N failed`.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { ensureNode24AndModules, root, run } from "./bootstrap.mjs";
import { ensureBusybox, ensureEngine, ensureTestPrograms } from "./engine.mjs";

ensureNode24AndModules();
const reports = mkdtempSync(path.join(os.tmpdir(), "gantry-test-"));
const counts = { passed: 0, failed: 0 };
const node = process.execPath;

stage("build", node, ["scripts/build.mjs"]);
stage("lint", "biome", ["check", "--error-on-warnings", "."]);
stage("types", "tsc", ["--noEmit"]);
vitest("unit");
if (existsSync(path.join(root, "../shared/corpus"))) stage("conformance", node, ["scripts/conformance.mjs"]);
await engineTests();
rmSync(reports, { recursive: true, force: true });
console.log(`\n${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed === 0 ? 0 : 1;

async function engineTests() {
  const { GANTRY_TEST_ENGINES: given } = process.env;
  const engine = ensureBusybox() ? (given ?? (await ensureEngine())) : undefined;
  if (engine !== undefined) {
    const isRoot = process.getuid?.() === 0;
    if (isRoot) ensureTestPrograms();
    else console.log("tests of the embedded engine: left out, they need root; run `npm test` as root to run them");
    vitest("engine", isRoot ? [] : ["--exclude", "test/**/*.engine.test.ts"], { GANTRY_TEST_ENGINES: engine });
    if (isRoot) stage("torture, 10 kills", node, ["scripts/torture.mjs", "--kills", "10"]);
    return;
  }
  if (process.env.CI === "true") {
    counts.failed++;
    console.error("engine tests: there is no engine, and with CI=true there must be one");
    return;
  }
  console.log(
    "engine tests: left out, for the reason above; run `npm test` as root, or with DOCKER_HOST set, to run them",
  );
}

/** Runs one stage; a failure counts as one failed test. */
function stage(name, command, args, env = {}) {
  const start = Date.now();
  const ok = run(command, args, { env: { ...process.env, ...env } }) === 0;
  console.log(`${ok ? "ok  " : "FAIL"} ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
  counts[ok ? "passed" : "failed"]++;
}

/** Runs one of vitest's projects and adds its counts. */
function vitest(project, options = [], env = {}) {
  const report = path.join(reports, `${project}.json`);
  const start = Date.now();
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const args = ["run", "--project", project, ...reporters, ...options];
  const status = run("vitest", args, { env: { ...process.env, ...env } });
  const found = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : undefined;
  const { numPassedTests: passed = 0, numFailedTests: failed = 0 } = found ?? {};
  counts.passed += passed;
  // A file that cannot be loaded, or an error between tests, fails the run without a failed test.
  counts.failed += status !== 0 && failed === 0 ? 1 : failed;
  console.log(`${status === 0 ? "ok  " : "FAIL"} ${project} tests (${((Date.now() - start) / 1000).toFixed(1)} s)`);
}
