#!/usr/bin/env node
/**
 * `npm run conformance`: loads every recorded project of ../shared/corpus and compares what `gantry config --format json`
 * says with docker compose's recorded answer: the same model, or a refusal where docker compose refuses.
 *
 * Prints one line per difference (the case and the first differing path) and the counts. A difference is explained when a
 * rule of test/conformance-exceptions.md names it. Exits 1 on unexplained differences, 0 also where the corpus is absent.
 *
 *   node scripts/conformance.mjs [--corpus DIR] [CASE…]
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** The first path at which two JSON values differ, with both values, or undefined. Objects compare without order. */
export function firstDifference(expected, actual, at = "") {
  if (Object.is(expected, actual)) return undefined;
  if (Array.isArray(expected) && Array.isArray(actual)) {
    for (let i = 0; i < Math.max(expected.length, actual.length); i++) {
      const difference = firstDifference(expected[i], actual[i], `${at}[${i}]`);
      if (difference) return difference;
    }
    return undefined;
  }
  if (isObject(expected) && isObject(actual)) {
    for (const key of [...new Set([...Object.keys(expected), ...Object.keys(actual)])].sort()) {
      const difference = firstDifference(own(expected, key), own(actual, key), at === "" ? key : `${at}.${key}`);
      if (difference) return difference;
    }
    return undefined;
  }
  return { at, expected, actual };
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const own = (value, key) => (Object.hasOwn(value, key) ? value[key] : undefined);

/** What gantry makes of a recorded case: `{ model }` or `{ refused: message }`. */
export async function answer(corpus, recorded) {
  const { load } = await import(pathToFileURL(path.join(root, "src/compose/load.ts")).href);
  const { pruneResources } = await import(pathToFileURL(path.join(root, "src/compose/select.ts")).href);
  const { renderJson } = await import(pathToFileURL(path.join(root, "src/compose/render.ts")).href);
  const environment = new Map(Object.entries({ PATH: process.env.PATH ?? "", HOME: "/nonexistent", ...recorded.env }));
  try {
    const { project } = await load({
      cwd: path.join(corpus, "cases", recorded.dir),
      environment,
      files: recorded.files,
      profiles: ["*"],
      ...(recorded.env_file ? { envFiles: [recorded.env_file] } : {}),
    });
    const text = JSON.stringify(renderJson(pruneResources(project)));
    return { model: JSON.parse(text.replaceAll(path.join(corpus, "cases"), "{corpus}")) };
  } catch (error) {
    if (error.name === "ProjectError" || error.name === "GantryError") return { refused: error.message };
    throw error;
  }
}

/** Compares one case; undefined when gantry agrees, else one line that says where not. */
export async function disagreement(corpus, recorded) {
  const given = await answer(corpus, recorded);
  if (given.refused !== undefined) {
    return recorded.accepted ? `refused, but docker compose accepts it: ${given.refused}` : undefined;
  }
  if (!recorded.accepted) return `accepted, but docker compose refuses it: ${recorded.error}`;
  const difference = firstDifference(recorded.model, given.model);
  if (difference === undefined) return undefined;
  const show = (value) => (value === undefined ? "nothing" : JSON.stringify(value).slice(0, 120));
  return `${difference.at}: docker compose has ${show(difference.expected)}, gantry has ${show(difference.actual)}`;
}

/** Every recorded case, by name. */
export function recordedCases(corpus) {
  const folder = path.join(corpus, "expected");
  return readdirSync(folder)
    .sort()
    .map((name) => ({
      name: name.replace(/\.json$/, ""),
      ...JSON.parse(readFileSync(path.join(folder, name), "utf8")),
    }));
}

/** The explained differences: lines `- rule: /pattern/ …` of the exceptions file; the pattern is held against `case: difference`. */
function readExceptions() {
  const file = path.join(root, "test/conformance-exceptions.md");
  if (!existsSync(file)) return [];
  return [...readFileSync(file, "utf8").matchAll(/^- `\/(.+)\/`/gm)].map((match) => new RegExp(match[1]));
}

async function main() {
  const { values, positionals } = parseArgs({ options: { corpus: { type: "string" } }, allowPositionals: true });
  const corpus = path.resolve(values.corpus ?? path.join(root, "../shared/corpus"));
  if (!existsSync(corpus)) {
    console.log("conformance: no corpus here (../shared/corpus), nothing compared");
    return;
  }
  const exceptions = readExceptions();
  const cases = recordedCases(corpus).filter(
    (c) => positionals.length === 0 || positionals.some((p) => c.name.includes(p)),
  );
  let passed = 0;
  let explained = 0;
  let failed = 0;
  for (const recorded of cases) {
    const line = await disagreement(corpus, recorded).catch((error) => `crashed: ${error.stack}`);
    if (line === undefined) passed++;
    else if (exceptions.some((pattern) => pattern.test(`${recorded.name}: ${line}`))) explained++;
    else {
      failed++;
      console.log(`${recorded.name}\n    ${line}`);
    }
  }
  console.log(`conformance: ${passed} passed, ${failed} failed, ${explained} explained, of ${cases.length}`);
  if (failed > 0) process.exitCode = 1;
}

if (import.meta.main) await main();
