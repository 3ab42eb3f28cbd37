/**
 * Makes src/compose/generated/ from schemas/compose.schema.json: the validator as plain code, so that nothing is compiled
 * when gantry starts, and the tree of what the loader knows about each attribute. Does nothing when both are fresh.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, "src/compose/generated");
const schemaText = readFileSync(join(root, "schemas/compose.schema.json"), "utf8");

const digest = createHash("sha256")
  .update(schemaText)
  .update(readFileSync(fileURLToPath(import.meta.url)))
  .digest("hex");
const header = `// Generated from schemas/compose.schema.json by scripts/generate.mjs. ${digest}\n`;

function isFresh() {
  return ["attributes.ts", "validate.d.ts", "validate.js"].every((name) => {
    const file = join(out, name);
    return existsSync(file) && readFileSync(file, "utf8").startsWith(header);
  });
}

/** Other processes may be reading the old file (tests run in parallel), so the new one takes its place at once. */
function write(name, text) {
  const temporary = join(out, `.${name}.${process.pid}`);
  writeFileSync(temporary, header + text);
  renameSync(temporary, join(out, name));
}

/** The validator as one ES module that imports nothing. */
async function validatorModule(schema) {
  const { Ajv2020 } = await import("ajv/dist/2020.js");
  const { default: standalone } = await import("ajv/dist/standalone/index.js");
  const { build } = await import("esbuild");
  const ajv = new Ajv2020({
    allErrors: true,
    messages: false,
    inlineRefs: false,
    allowUnionTypes: true,
    strictTypes: false,
    code: { source: true, esm: true },
  });
  const contents = standalone.default(ajv, ajv.compile(withoutNotes(schema)));
  const result = await build({
    stdin: { contents, resolveDir: root, loader: "js" },
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    minifySyntax: true,
    minifyIdentifiers: true,
    legalComments: "none",
    plugins: [ownEquality],
  });
  return result.outputFiles[0].text;
}

/** The schema without what a validator does not need. */
function withoutNotes(node) {
  if (Array.isArray(node)) return node.map(withoutNotes);
  if (node === null || typeof node !== "object") return node;
  // Repeated entries are found by validate.ts: ajv compares every entry with every other.
  const { "x-gantry": _knowledge, uniqueItems: _distinct, ...rest } = node;
  // An attribute may be called "description"; then its value is a schema, not a text.
  const kept = Object.entries(rest).filter(([key, value]) => key !== "description" || typeof value !== "string");
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutNotes(value)]));
}

/** ajv's equality calls `valueOf`, which objects without a prototype lack; the validator is given such objects. */
const ownEquality = {
  name: "own-equality",
  setup(builder) {
    builder.onResolve({ filter: /^ajv\/dist\/runtime\/equal$/ }, () => ({ path: "equal", namespace: "own" }));
    builder.onLoad({ filter: /./, namespace: "own" }, () => ({ contents: `export default ${equal}` }));
  },
};

function equal(a, b) {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]));
}

function validatorTypes() {
  return `export interface Finding {
  /** JSON pointer to the value. */
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly keyword: string;
  readonly params: {
    readonly type?: string | readonly string[];
    readonly additionalProperty?: string;
    readonly unevaluatedProperty?: string;
    readonly missingProperty?: string;
    readonly allowedValues?: readonly unknown[];
    readonly pattern?: string;
    readonly limit?: number;
  };
}
/** True when the value is valid; otherwise \`errors\` holds the findings until the next call. */
declare const validate: { (data: unknown): boolean; errors: readonly Finding[] | null };
export default validate;
`;
}

/** The rules as data: one constant per definition of the schema, and \`rules\` for the document. */
function attributesModule(schema) {
  const constants = new Map();
  const referenced = (name) => {
    if (!constants.has(name)) {
      constants.set(name, "");
      constants.set(name, source(ruleOf(schema.$defs[name])));
      order.push(name);
    }
    return name;
  };
  const order = [];

  /** A schema node as source parts; a node that only refers elsewhere is the constant itself. */
  function ruleOf(node) {
    const parts = {};
    const target = node.$ref?.replace("#/$defs/", "");
    const keys = Object.entries(node.properties ?? {});
    const pattern = Object.entries(node.patternProperties ?? {}).find(([name]) => name !== "^x-");
    const own = node["x-gantry"];
    if (target !== undefined) {
      const constant = referenced(target);
      if (own === undefined) return constant;
      parts.spread = constant;
      const inherited = schema.$defs[target]["x-gantry"];
      parts.attribute = JSON.stringify({ ...inherited, ...own });
      return parts;
    }
    if (own !== undefined) parts.attribute = JSON.stringify(own);
    if (node.uniqueItems === true) parts.distinct = "true";
    if (keys.length > 0) {
      parts.keys = `new Map<string, Rule>([${keys.map(([name, value]) => `[${JSON.stringify(name)}, ${source(ruleOf(value))}]`).join(", ")}])`;
    }
    if (pattern !== undefined) parts.any = source(ruleOf(pattern[1]));
    if (node.items !== undefined) parts.item = source(ruleOf(node.items));
    return parts;
  }

  function source(rule) {
    if (typeof rule === "string") return rule;
    const members = Object.entries(rule).map(([name, text]) => (name === "spread" ? `...${text}` : `${name}: ${text}`));
    return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
  }

  const document = source(ruleOf(schema));
  return [
    'import type { Rule } from "../attributes.ts";',
    ...order.map((name) => `const ${name}: Rule = ${constants.get(name)};`),
    `export const rules: Rule = ${document};`,
    "",
  ].join("\n");
}

if (!isFresh()) {
  const schema = JSON.parse(schemaText);
  mkdirSync(out, { recursive: true });
  write("attributes.ts", attributesModule(schema));
  write("validate.d.ts", validatorTypes());
  write("validate.js", await validatorModule(schema));
}
