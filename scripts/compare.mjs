#!/usr/bin/env node
/**
 * `node scripts/compare.mjs [CASE…]`: asks the real docker compose about every golden case of test/compose/cases and says
 * where it answers otherwise than gantry: another model, or a refusal on one side only. For the people who write cases;
 * nothing depends on it. A case with a section `differs` says why docker compose 2.40 answers otherwise: a rule that is newer, or a fault of its own.
 */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { firstDifference } from "./conformance.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const { environmentOf, loadCase, readCases, withProject } = await import(
  pathToFileURL(path.join(root, "test/compose/cases.ts")).href
);
const { renderJson, renderTreeJson } = await import(pathToFileURL(path.join(root, "src/compose/render.ts")).href);

let same = 0;
for (const one of readCases(path.join(root, "test/compose/cases"))) {
  if (process.argv.length > 2 && !process.argv.slice(2).some((word) => one.path.includes(word))) continue;
  const line = one.given.has("differs")
    ? undefined
    : await withProject(one.given, (directory) => compare(one.given, directory));
  if (line === undefined) same++;
  else console.log(`${path.relative(root, one.path)}: ${line}`);
}
console.log(`${same} cases are answered alike`);

async function compare(given, directory) {
  const theirs = composeAnswer(given, path.join(directory, (given.get("directory") ?? "").trim()));
  let ours;
  try {
    const { project, tree, interpolated } = await loadCase(
      given,
      path.join(directory, (given.get("directory") ?? "").trim()),
    );
    ours = JSON.parse(JSON.stringify(interpolated ? renderJson(project) : renderTreeJson(tree, project.name)));
  } catch (error) {
    if (error.name !== "ProjectError") throw error;
    return theirs.model === undefined ? undefined : `gantry refuses it: ${error.message}`;
  }
  if (theirs.model === undefined) return `docker compose refuses it: ${theirs.error}`;
  const difference = firstDifference(theirs.model, ours);
  if (difference === undefined) return undefined;
  const show = (value) => (value === undefined ? "nothing" : JSON.stringify(value).slice(0, 200));
  return `${difference.at}: docker compose has ${show(difference.expected)}, gantry has ${show(difference.actual)}`;
}

function composeAnswer(given, cwd) {
  const before = [];
  const after = [];
  const words = (given.get("args") ?? "").split(/\s+/).filter((word) => word !== "");
  for (let i = 0; i < words.length; i++) {
    if (/^(-f|-p|--(file|env-file|profile|project-name|project-directory))$/.test(words[i]))
      before.push(words[i], words[++i]);
    else after.push(words[i]);
  }
  const done = spawnSync("docker", ["compose", ...before, "config", "--format", "json", ...after], {
    cwd,
    encoding: "utf8",
    input: given.get("stdin") ?? "",
    env: {
      PATH: process.env.PATH,
      DOCKER_CONFIG: process.env.DOCKER_CONFIG,
      ...Object.fromEntries(environmentOf(given)),
    },
  });
  if (done.error) throw done.error;
  if (done.status !== 0) return { error: done.stderr.trim() };
  return { model: JSON.parse(done.stdout) };
}
