import { isAlias, isMap, isScalar, isSeq, type ParsedNode, parseDocument } from "yaml";
import type { Entry, MappingNode, Node, ScalarNode } from "../../src/compose/node.ts";
import type { Diagnostic, Source, Span } from "../../src/errors.ts";
import { placeOf } from "../../src/errors.ts";

/** A small document as nodes with spans, for tests of the stages behind the parser. */
export function document(text: string): MappingNode {
  const source: Source = { path: "/project/compose.yaml", text };
  const node = toNode(parseDocument(text).contents, source);
  if (node.kind !== "mapping") throw new Error("a test document is a mapping");
  return node;
}

/** A finding as `line:column: code: message [hint]`. */
export function shown({ span, code, message, hint }: Diagnostic): string {
  const place = span && placeOf(span.source.text, span.start);
  const where = place === undefined ? "" : `${place.line}:${place.column}: `;
  return `${where}${code}: ${message}${hint === undefined ? "" : ` [${hint}]`}`;
}

/** A node as plain data, for comparisons. */
export function plain(node: Node): unknown {
  if (node.kind === "sequence") return node.items.map(plain);
  if (node.kind === "scalar") return node.value;
  return Object.fromEntries([...node.entries].map(([key, entry]) => [key, plain(entry.value)]));
}

function toNode(node: ParsedNode | null, source: Source): Node {
  const span: Span = { source, start: node?.range[0] ?? 0, end: node?.range[1] ?? 0 };
  if (isSeq(node)) return { kind: "sequence", items: node.items.map((item) => toNode(item, source)), span };
  if (isMap(node)) {
    const entries = new Map<string, Entry>();
    for (const { key, value } of node.items) {
      const keySpan: Span = { source, start: key.range[0], end: key.range[1] };
      entries.set(isScalar(key) ? String(key.value) : "", { keySpan, value: toNode(value, source) });
    }
    return { kind: "mapping", entries, span };
  }
  if (isAlias(node)) throw new Error("a test document has no aliases");
  return scalar(node?.value ?? null, span);
}

function scalar(value: unknown, span: Span): ScalarNode {
  if (value === null) return { kind: "scalar", type: "null", value, text: "", span };
  if (typeof value === "boolean") return { kind: "scalar", type: "bool", value, text: String(value), span };
  if (typeof value === "number") {
    return { kind: "scalar", type: Number.isInteger(value) ? "int" : "float", value, text: String(value), span };
  }
  return { kind: "scalar", type: "string", value: String(value), text: String(value), span };
}
