#!/usr/bin/env node
/**
 * `npm test`: everything that can be tested on this machine, in stages: build, lint, types, unit tests, conformance with
 * docker compose's recorded answers, and the tests that need an engine: on dockerd, and as root also on the embedded one.
 * What cannot be run here is left out, which is said; with CI=true that is a failure. Ends with `N passed, N failed`.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { ensureNode24AndModules, root, run } from "./bootstrap.mjs";
import { ensureHostParts, startEmbedded } from "./embedded.mjs";
import { ensureBusybox, ensureDockerd, ensureTestPrograms } from "./engine.mjs";

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
  if (!ensureBusybox()) return leaveOut("the tests of engines");
  if (given !== undefined) return vitest("engine", [], { GANTRY_TEST_ENGINES: given });
  const dockerd = await ensureDockerd();
  if (dockerd === undefined) leaveOut("the tests on dockerd");
  const isRoot = process.getuid?.() === 0;
  const embedded = isRoot && ensureTestPrograms() && ensureHostParts() ? await startEmbedded() : undefined;
  if (embedded === undefined) leaveOut("the tests of the embedded engine");
  const urls = [dockerd, embedded?.url].filter((url) => url !== undefined);
  if (urls.length === 0) return;
  const options = embedded === undefined ? ["--exclude", "test/**/*.engine.test.ts"] : [];
  vitest("engine", options, { GANTRY_TEST_ENGINES: urls.join(",") });
  await embedded?.stop();
  if (embedded !== undefined) stage("torture, 10 kills", node, ["scripts/torture.mjs", "--kills", "10"]);
}

/** Says that tests are left out; the reason was said before. In CI that is a failure. */
function leaveOut(what) {
  if (process.env.CI === "true") counts.failed++;
  console.error(
    `${what}: left out, for the reason above; run \`npm test\` as root (or with DOCKER_HOST set) to run them`,
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
