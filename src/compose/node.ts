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

/** A text scalar. */
export interface StringNode extends ScalarNode {
  readonly type: "string";
  readonly value: string;
}

export function isString(node: Node | undefined): node is StringNode {
  return node?.kind === "scalar" && node.type === "string";
}

/** The mapping with one value set; an existing key keeps its place and span. */
export function withEntry(node: MappingNode, key: string, value: Node): MappingNode {
  const entries = new Map(node.entries);
  entries.set(key, { keySpan: node.entries.get(key)?.keySpan ?? value.span, value });
  return { ...node, entries };
}

/** The mapping with the value of one key changed; without that key, the mapping itself. */
export function updateEntry(node: MappingNode, key: string, change: (value: Node) => Node): MappingNode {
  const value = node.entries.get(key)?.value;
  return value === undefined ? node : withEntry(node, key, change(value));
}

/** The mapping with a default for a key that is absent. */
export function withDefault(node: MappingNode, key: string, value: Node): MappingNode {
  return node.entries.has(key) ? node : withEntry(node, key, value);
}

/** The mapping with every value changed; the mapping itself where no value is another one afterwards. */
export function mapValues(node: MappingNode, change: (value: Node, key: string) => Node): MappingNode {
  let entries: Map<string, Entry> | undefined;
  for (const [key, entry] of node.entries) {
    const value = change(entry.value, key);
    if (value === entry.value) continue;
    entries ??= new Map(node.entries);
    entries.set(key, { keySpan: entry.keySpan, value });
  }
  return entries === undefined ? node : { ...node, entries };
}

/** The list with every item changed; the list itself where no item is another one afterwards. */
export function mapSequence(node: SequenceNode, change: (item: Node, index: number) => Node): SequenceNode {
  let items: Node[] | undefined;
  for (const [index, item] of node.items.entries()) {
    const changed = change(item, index);
    if (changed === item) continue;
    items ??= [...node.items];
    items[index] = changed;
  }
  return items === undefined ? node : { ...node, items };
}

/** A list with every item that is a mapping changed; any other node is itself. */
export function mapItems(node: Node, change: (item: MappingNode) => Node): Node {
  if (node.kind !== "sequence") return node;
  return mapSequence(node, (item) => (item.kind === "mapping" ? change(item) : item));
}

/** A mapping with every value that is a mapping changed; any other node is itself. */
export function mapMappings(node: Node, change: (value: MappingNode, key: string) => Node): Node {
  if (node.kind !== "mapping") return node;
  return mapValues(node, (value, key) => (value.kind === "mapping" ? change(value, key) : value));
}

const counts = new WeakMap<Node, number>();

/** How many nodes a tree has, itself included; what stands in it twice counts twice. */
export function nodeCount(node: Node): number {
  if (node.kind === "scalar") return 1;
  let count = counts.get(node);
  if (count === undefined) {
    count = 1;
    if (node.kind === "sequence") for (const item of node.items) count += nodeCount(item);
    else for (const { value } of node.entries.values()) count += nodeCount(value);
    counts.set(node, count);
  }
  return count;
}

/** Where a path of the final model was written, as far as that is known. */
export type Locate = (path: Path) => Span | undefined;

/** A path for people: `services.web.ports[0]`. */
export function pathText(path: Path): string {
  let text = "";
  for (const segment of path) {
    if (typeof segment === "number") text += `[${segment}]`;
    else text += text === "" ? segment : `.${segment}`;
  }
  return text;
}

/**
 * Looks paths up in a document: the place of a text or number is the value's, that of anything else its key's. A path
 * that leads nowhere is placed at its nearest ancestor below the root.
 */
export function locateIn(document: MappingNode): Locate {
  const locate = (path: Path): Span | undefined => {
    const key = path.at(-1);
    if (key === undefined) return undefined;
    const parent = at(document, path.slice(0, -1));
    const entry = parent?.kind === "mapping" && typeof key === "string" ? parent.entries.get(key) : undefined;
    const value = entry?.value ?? at(parent, [key]);
    if (value === undefined) return locate(path.slice(0, -1));
    const isWritten = value.kind === "scalar" && value.type !== "null";
    return isWritten ? value.span : (entry?.keySpan ?? value.span);
  };
  return locate;
}
