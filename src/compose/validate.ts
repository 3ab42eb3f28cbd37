import type { Diagnostic, Span } from "../errors.ts";
import { type AttributeNode, attributeNodeAt, rootAttributes } from "./attributes.ts";
import { problem } from "./codes.ts";
import validator, { type Finding } from "./generated/validate.js";
import { suggester, type suggestion } from "./nearest.ts";
import { at, type MappingNode, type Node, type Path, pathText, type SequenceNode } from "./node.ts";
import { identity } from "./same.ts";

/**
 * Checks a merged document against schemas/compose.schema.json and says what is wrong where: unknown and missing
 * attributes, values of a wrong type, repeated list entries. Alternatives in the schema differ by kind only, so each
 * finding is about the form that was written.
 */
export function validate(document: MappingNode): Diagnostic[] {
  const repeated = repetitions(document);
  if (validator(plainValue(document))) return repeated;
  const suggest = suggester(100);
  return [...(validator.errors ?? []).map((finding) => translate(finding, document, suggest)), ...repeated];
}

/** Entries that a list has twice, where they must differ. */
function repetitions(document: MappingNode): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const walk = (node: Node, attributes: AttributeNode | undefined, path: Path) => {
    if (attributes === undefined || node.kind === "scalar") return;
    if (node.kind === "mapping") {
      for (const [key, { value }] of node.entries) walk(value, attributes.key(key), [...path, key]);
      return;
    }
    const { item, distinct } = attributes;
    if (distinct) diagnostics.push(...repeatedEntries(node, path).slice(0, 100));
    if (item !== undefined) for (const [i, value] of node.items.entries()) walk(value, item, [...path, i]);
  };
  walk(document, rootAttributes, []);
  return diagnostics;
}

function repeatedEntries(list: SequenceNode, path: Path): Diagnostic[] {
  const seen = new Map<string, number>();
  return list.items.flatMap((entry, i) => {
    const key = identity(entry);
    const first = seen.get(key);
    if (first === undefined) {
      seen.set(key, i);
      return [];
    }
    const message = `${pathText(path)}: the entries ${first} and ${i} are equal`;
    const notes = [{ message: "the first one", span: (list.items[first] ?? entry).span }];
    return [{ ...problem("duplicate-entry", message, entry.span, "remove one of them"), notes }];
  });
}

/** A node as the plain data that ajv reads. Mappings have no prototype: any key is an ordinary one. */
function plainValue(node: Node): unknown {
  if (node.kind === "sequence") return node.items.map(plainValue);
  if (node.kind === "scalar") return typeof node.value === "bigint" ? Number(node.value) : node.value;
  const object: Record<string, unknown> = Object.create(null);
  for (const [key, entry] of node.entries) object[key] = plainValue(entry.value);
  return object;
}

function translate(finding: Finding, document: MappingNode, suggest: typeof suggestion): Diagnostic {
  const path = pathOf(finding.instancePath, document);
  const node = at(document, path) ?? document;
  const subject = path.length === 0 ? "the file" : pathText(path);
  const params = finding.params;
  switch (finding.keyword) {
    case "type":
      return wrongType(subject, node, params.type ?? []);
    case "additionalProperties":
    case "unevaluatedProperties":
      return unknownAttribute(params.additionalProperty ?? params.unevaluatedProperty ?? "", path, node, suggest);
    case "required": {
      const name = params.missingProperty ?? "";
      return problem(
        "missing-attribute",
        `${subject}: missing attribute "${name}"`,
        keySpan(document, path) ?? node.span,
        `add "${name}"`,
      );
    }
    case "enum": {
      const allowed = (params.allowedValues ?? []).map(String);
      const message = `${subject} must be one of ${allowed.map((value) => `"${value}"`).join(", ")}`;
      return problem("invalid-value", message, node.span, suggest(textOf(node), allowed));
    }
    case "pattern":
      return problem(
        "invalid-value",
        `${subject}: "${textOf(node)}" does not match ${params.pattern}`,
        node.span,
        suggest(textOf(node), params.pattern?.split("|") ?? []),
      );
    case "minimum":
      return problem("invalid-value", `${subject} must be at least ${params.limit}`, node.span);
    case "maximum":
      return problem("invalid-value", `${subject} must be at most ${params.limit}`, node.span);
    default:
      return problem("invalid-value", `${subject} is not valid (${finding.keyword})`, node.span);
  }
}

const kinds: Readonly<Record<string, string>> = {
  object: "a mapping",
  array: "a list",
  string: "a string",
  boolean: "a boolean",
  integer: "an integer",
  number: "a number",
  null: "null",
};

function wrongType(subject: string, node: Node, types: string | readonly string[]): Diagnostic {
  const expected = typeof types === "string" ? [types] : types;
  const names = expected.map((type) => kinds[type] ?? type);
  const last = names.pop() ?? "";
  const wanted = names.length === 0 ? last : `${names.join(", ")} or ${last}`;
  return problem(
    "wrong-type",
    `${subject} must be ${wanted}, but is ${describe(node)}`,
    node.span,
    typeHint(node, expected),
  );
}

function describe(node: Node): string {
  if (node.kind === "mapping") return "a mapping";
  if (node.kind === "sequence") return "a list";
  switch (node.type) {
    case "null":
      return "empty";
    case "string":
    case "timestamp":
      return "a string";
    case "bool":
      return `the boolean ${node.text}`;
    default:
      return `the number ${node.text}`;
  }
}

function typeHint(node: Node, expected: readonly string[]): string | undefined {
  if (node.kind !== "scalar") return undefined;
  if (node.type === "null") return "give it a value, or remove it";
  if (node.type !== "string" && expected.includes("string")) {
    const written = node.span.source.text.slice(node.span.start, node.span.end);
    return `put it in quotes: "${written === "" ? node.text : written}"`;
  }
  return undefined;
}

function unknownAttribute(name: string, path: Path, node: Node, suggest: typeof suggestion): Diagnostic {
  const subject = path.length === 0 ? "the file" : pathText(path);
  const span = node.kind === "mapping" ? node.entries.get(name)?.keySpan : undefined;
  const known = attributeNodeAt(path)?.names ?? [];
  if (known.length === 0) {
    const hint = "use letters, digits, '.', '_' and '-'";
    return problem("unknown-attribute", `${subject}: the name "${name}" is not allowed`, span ?? node.span, hint);
  }
  const where = path.length === 0 ? "at the top level" : `in ${subject}`;
  const message = `unknown attribute "${name}" ${where}`;
  return problem("unknown-attribute", message, span ?? node.span, suggest(name, known));
}

function textOf(node: Node): string {
  return node.kind === "scalar" ? node.text : "";
}

function keySpan(document: MappingNode, path: Path): Span | undefined {
  const parent = at(document, path.slice(0, -1));
  const key = path.at(-1);
  return parent?.kind === "mapping" && typeof key === "string" ? parent.entries.get(key)?.keySpan : undefined;
}

/** The path of a JSON pointer; a segment is an index where it leads into a list. */
function pathOf(pointer: string, document: MappingNode): Path {
  const path: (string | number)[] = [];
  let here: Node | undefined = document;
  for (const raw of pointer.split("/").slice(1)) {
    const segment = raw.replaceAll("~1", "/").replaceAll("~0", "~");
    path.push(here?.kind === "sequence" ? Number(segment) : segment);
    here = at(here, path.slice(-1));
  }
  return path;
}
