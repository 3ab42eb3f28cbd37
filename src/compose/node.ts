/**
 * The tree that the loader works on, from parse to decode. Every node carries the place where it was written; every
 * stage maps nodes to nodes and copies the span. Nodes are immutable. A node made by a stage (a default, a long form)
 * carries the span of what it was made from.
 */
import type { Span } from "../errors.ts";

export type Node = ScalarNode | SequenceNode | MappingNode;

/**
 * A scalar, typed by the rules of compose-go's YAML layer. `value` is a `bigint` only for ints outside the safe range.
 * A `timestamp` keeps its text as `value`. `text` is the scalar as Go's `%v` prints it (`24.10` → `24.1`), which is
 * what string maps (environment, labels) take.
 */
export interface ScalarNode {
  readonly kind: "scalar";
  readonly type: "string" | "int" | "float" | "bool" | "null" | "timestamp";
  readonly value: string | number | bigint | boolean | null;
  readonly text: string;
  readonly span: Span;
}

export interface SequenceNode {
  readonly kind: "sequence";
  readonly items: readonly Node[];
  readonly span: Span;
}

export interface MappingNode {
  readonly kind: "mapping";
  /** In the order of the file. Keys are any string (`__proto__` included): never put them on a plain object. */
  readonly entries: ReadonlyMap<string, Entry>;
  readonly span: Span;
}

export interface Entry {
  readonly keySpan: Span;
  readonly value: Node;
}

/** Path segments: mapping keys as they are, list items as their index. Never joined and split again: keys hold dots. */
export type Path = readonly (string | number)[];

/** The value below a key of a mapping, or undefined (also when the node is no mapping). */
export function child(node: Node | undefined, key: string): Node | undefined {
  return node?.kind === "mapping" ? node.entries.get(key)?.value : undefined;
}

/** The node at a path, or undefined. */
export function at(node: Node | undefined, path: Path): Node | undefined {
  let here = node;
  for (const segment of path) {
    if (typeof segment === "number") here = here?.kind === "sequence" ? here.items[segment] : undefined;
    else here = child(here, segment);
  }
  return here;
}

/** A string scalar at a given place. */
export function stringNode(value: string, span: Span): ScalarNode {
  return { kind: "scalar", type: "string", value, text: value, span };
}

/** A bool scalar at a given place. */
export function boolNode(value: boolean, span: Span): ScalarNode {
  return { kind: "scalar", type: "bool", value, text: String(value), span };
}

/** An int scalar at a given place. */
export function intNode(value: number | bigint, span: Span): ScalarNode {
  return { kind: "scalar", type: "int", value, text: String(value), span };
}

/** A null scalar at a given place. */
export function nullNode(span: Span): ScalarNode {
  return { kind: "scalar", type: "null", value: null, text: "", span };
}

/** A mapping at a given place, of the given values; each key takes the span of its value. */
export function mappingNode(values: Iterable<readonly [string, Node]>, span: Span): MappingNode {
  const entries = new Map<string, Entry>();
  for (const [key, value] of values) entries.set(key, { keySpan: value.span, value });
  return { kind: "mapping", entries, span };
}

/** A sequence at a given place. */
export function sequenceNode(items: readonly Node[], span: Span): SequenceNode {
  return { kind: "sequence", items, span };
}
