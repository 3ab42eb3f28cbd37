#!/usr/bin/env node
/**
 * Holds schemas/compose.schema.json against the published schema of the Compose specification
 * (../shared/schema/compose-spec.json): every compose file of the corpus, and mutations of each (a value replaced by one
 * of another kind, an attribute removed, added or moved, a list entry repeated), must be accepted by both or refused by
 * both. A difference is explained when a rule of test/schema-exceptions.md names it.
 *
 * Prints each unexplained kind of difference with one document that shows it. Exits 1 when there is any.
 *
 *   node scripts/schema-differences.mjs [--mutations N] [--seed N]
 */
import { existsSync, globSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const shared = path.join(root, "../shared");

/** Whether there is anything to compare with. */
export const isThere = existsSync(path.join(shared, "schema/compose-spec.json"));

/** A small generator of numbers below `n`, the same for the same seed. */
export function numbers(seed) {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

const values = [
  null,
  true,
  0,
  -1,
  1.5,
  1000000,
  "",
  "text",
  "true",
  "5",
  [],
  {},
  ["text"],
  ["a", "a"],
  [1],
  [null],
  { a: "b" },
  { a: 1 },
  { a: null },
  { "x-a": 1 },
  { a: [] },
  [{}],
];
const keys = ["zzz", "x-zzz", "image", "source", "target", "driver", "name", "labels", "external", "file", "a b"];

/** A copy of a document with one change somewhere. */
export function mutate(document, pick) {
  const copy = structuredClone(document);
  const places = [];
  const collect = (node) => {
    if (node === null || typeof node !== "object") return;
    for (const key of Object.keys(node)) {
      places.push([node, key]);
      collect(node[key]);
    }
  };
  collect(copy);
  if (places.length === 0) return copy;
  const [parent, key] = places[pick(places.length)];
  const change = pick(5);
  const value = structuredClone(values[pick(values.length)]);
  if (change === 0 && Array.isArray(parent)) parent.push(structuredClone(parent[key]));
  else if (change === 0) delete parent[key];
  else if (change === 1 && !Array.isArray(parent)) parent[keys[pick(keys.length)]] = value;
  else if (change === 2) parent[key] = structuredClone(places[pick(places.length)][0]);
  else parent[key] = value;
  return copy;
}

/** Everything in which the two schemas differ, by kind: `{ kind, count, document }`. */
export async function differences({ mutations, seed }) {
  const own = JSON.parse(readFileSync(path.join(root, "schemas/compose.schema.json"), "utf8"));
  const { Ajv2020 } = await import("ajv/dist/2020.js");
  const ours = new Ajv2020({ strict: false, allErrors: true }).compile(own);
  const { default: Ajv } = await import("ajv");
  const { $schema: _draft, ...published } = JSON.parse(
    readFileSync(path.join(shared, "schema/compose-spec.json"), "utf8"),
  );
  const theirs = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(published);
  const pick = numbers(seed);
  const found = new Map();
  let compared = 0;
  let refused = 0;
  const compare = (document) => {
    compared++;
    const [a, b] = [ours(document), theirs(document)];
    if (!a) refused++;
    if (a === b) return;
    const refuses = a ? "published" : "ours";
    const kind = `${refuses} refuses ${place(deepest(a ? theirs.errors : ours.errors))}`;
    const known = found.get(kind);
    if (known) known.count++;
    else found.set(kind, { kind, count: 1, document });
  };
  for (const document of [own, published].flatMap(attributeDocuments)) compare(document);
  for (const document of await corpusDocuments()) {
    compare(document);
    for (let i = 0; i < mutations; i++) compare(mutate(document, pick));
  }
  return { compared, refused, found: [...found.values()].sort((a, b) => b.count - a.count) };
}

/** What remains when the explained kinds are taken away. */
export function unexplained(found) {
  const text = readFileSync(path.join(root, "test/schema-exceptions.md"), "utf8");
  const patterns = [...text.matchAll(/^- `\/(.+)\/`/gm)].map((match) => new RegExp(match[1]));
  return found.filter(({ kind }) => !patterns.some((pattern) => pattern.test(kind)));
}

/** For every place that a schema describes, documents that hold just that, with each of `values` in it. */
export function attributeDocuments(schema) {
  const documents = [];
  const resolve = (node) => {
    if (node?.$ref === undefined) return node ?? {};
    const name = node.$ref.split("/").at(-1);
    return (schema.$defs ?? schema.definitions)[name];
  };
  const sample = (node) => {
    const { enum: choices, type = "string" } = resolve(node);
    if (choices !== undefined) return choices[0];
    const samples = { string: "a", integer: 1, number: 1, boolean: true, array: [], object: {}, null: null };
    return samples[[type].flat()[0]];
  };
  const walk = (given, wrap, depth) => {
    const node = resolve(given);
    if (depth > 9) return;
    for (const value of values) documents.push(wrap(structuredClone(value)));
    for (const branch of [node.oneOf, node.anyOf, node.allOf].flatMap((branches) => branches ?? [])) {
      walkInto(resolve(branch), wrap, depth);
    }
    walkInto(node, wrap, depth);
  };
  const walkInto = (node, wrap, depth) => {
    const required = Object.fromEntries((node.required ?? []).map((key) => [key, sample(node.properties?.[key])]));
    for (const [key, below] of Object.entries(node.properties ?? {})) {
      walk(below, (value) => wrap({ ...required, [key]: value }), depth + 1);
    }
    for (const [pattern, below] of Object.entries(node.patternProperties ?? {})) {
      if (pattern !== "^x-") walk(below, (value) => wrap({ name: value }), depth + 1);
    }
    if (node.items !== undefined) walk(node.items, (value) => wrap([value]), depth + 1);
  };
  walkInto(schema, (document) => document, 0);
  return documents;
}

async function corpusDocuments() {
  const { parse } = await import(pathToFileURL(path.join(root, "src/compose/parse.ts")).href);
  const files = globSync("corpus/cases/**/*.{yml,yaml}", { cwd: shared }).sort();
  return files.flatMap((file) =>
    parse({ path: file, text: readFileSync(path.join(shared, file), "utf8") }).documents.map(({ root: node }) =>
      plain(node),
    ),
  );
}

/** Plain data of a node. A timestamp is a text, as in Go's JSON. */
function plain(node) {
  if (node.kind === "sequence") return node.items.map(plain);
  if (node.kind === "scalar") return typeof node.value === "bigint" ? Number(node.value) : node.value;
  return Object.fromEntries([...node.entries].map(([key, { value }]) => [key, plain(value)]));
}

/** Of the errors of a refusal, the one that is about the innermost value. */
function deepest(errors) {
  const depth = ({ instancePath, keyword }) =>
    instancePath.split("/").length - (/^(oneOf|anyOf)$/.test(keyword) ? 0.5 : 0);
  return errors.toSorted((a, b) => depth(b) - depth(a))[0];
}

/** An error's place, with names that users choose and indexes left out, and its keyword. */
function place({ instancePath, keyword, params }) {
  const segments = instancePath.split("/").slice(1);
  const named = new Set(["services", "networks", "volumes", "secrets", "configs", "models"]);
  const shown = segments.map((segment, i) =>
    /^\d+$/.test(segment) || (i === 1 && named.has(segments[0])) ? "*" : segment,
  );
  const extra = params.additionalProperty ?? params.missingProperty ?? params.unevaluatedProperty;
  return `${shown.join(".")} ${keyword}${extra === undefined ? "" : ` ${extra}`}`;
}

async function main() {
  const { values: options } = parseArgs({
    options: { mutations: { type: "string", default: "40" }, seed: { type: "string", default: "1" } },
  });
  if (!isThere) {
    console.log("schema: no published schema here (../shared/schema), nothing compared");
    return;
  }
  const { compared, refused, found } = await differences({
    mutations: Number(options.mutations),
    seed: Number(options.seed),
  });
  const open = unexplained(found);
  for (const { kind, count, document } of open) {
    console.log(`${kind} (${count} times)\n    ${JSON.stringify(document).slice(0, 300)}`);
  }
  const differing = found.reduce((sum, { count }) => sum + count, 0);
  console.log(
    `schema: ${compared} documents compared (${refused} refused), ${differing} differ, ${open.length} kinds unexplained`,
  );
  if (open.length > 0) process.exitCode = 1;
}

if (import.meta.main) await main();
