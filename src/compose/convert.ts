import { isAlias, isMap, isScalar, isSeq, type Pair, type YAMLMap, type Node as YamlNode } from "yaml";
import type { Diagnostic, Source, Span } from "../errors.ts";
import { problem } from "./codes.ts";
import { suggestion } from "./nearest.ts";
import { type Entry, type MappingNode, type Node, nullNode, type Path, pathText, stringNode } from "./node.ts";
import { plainScalar } from "./scalar.ts";
import { depthLimit } from "./tokens.ts";

/** How many nodes one document may hold, aliases followed (compose-go's limit, against alias bombs). */
const nodeLimit = 100_000;

/** Thrown to leave the conversion of a document that is hopeless; never leaves this file. */
class Hopeless extends Error {
  readonly diagnostic: Diagnostic;
  constructor(diagnostic: Diagnostic) {
    super(diagnostic.message);
    this.diagnostic = diagnostic;
  }
}

interface Conversion {
  readonly source: Source;
  readonly diagnostics: Diagnostic[];
  readonly resets: Path[];
  readonly anchors: Map<string, YamlNode>;
  /** Anchored nodes that are being converted: an alias to one of them contains itself. */
  readonly open: Set<YamlNode>;
  visited: number;
}

/** `remove` stands for a node tagged `!reset`. */
type Converted = Node | "remove";

/**
 * Turns the YAML library's tree of one document into ours: scalars typed, aliases and merge keys followed, `!reset`
 * nodes removed and the paths of `!reset` and `!override` collected. `root` is absent when the document is empty or not a
 * mapping.
 *
 * @param isExplicit the document begins with `---`: empty, it is a null
 */
export function convertDocument(
  contents: unknown,
  source: Source,
  isExplicit: boolean,
): { root: MappingNode | undefined; resets: readonly Path[]; diagnostics: readonly Diagnostic[] } {
  const state: Conversion = { source, diagnostics: [], resets: [], anchors: new Map(), open: new Set(), visited: 0 };
  let root: Converted | undefined;
  try {
    if (isYamlNode(contents)) root = convert(state, contents, [], true);
  } catch (error) {
    if (!(error instanceof Hopeless)) throw error;
    state.diagnostics.push(error.diagnostic);
  }
  if (root === undefined || root === "remove" || (!isExplicit && isAbsent(root))) return { ...state, root: undefined };
  if (root.kind === "mapping") return { ...state, root };
  state.diagnostics.push(
    problem("not-a-mapping", "top-level object must be a mapping", root.span, "begin with `services:`"),
  );
  return { ...state, root: undefined };
}

/** A file of comments only parses as one null without any text. */
function isAbsent(root: Node): boolean {
  return root.kind === "scalar" && root.type === "null" && root.span.end === root.span.start;
}

function isYamlNode(value: unknown): value is YamlNode {
  return isMap(value) || isSeq(value) || isScalar(value) || isAlias(value);
}

function spanOf(state: Conversion, node: YamlNode): Span {
  const [start, end] = node.range ?? [0, 0];
  return { source: state.source, start, end };
}

function convert(state: Conversion, node: YamlNode, path: Path, taggable: boolean): Converted {
  const span = spanOf(state, node);
  if (++state.visited > nodeLimit) {
    const message = `compose file exceeds maximum node visit limit (${nodeLimit})`;
    throw new Hopeless(problem("too-many-nodes", message, span, "an alias counts as all that it stands for"));
  }
  if (path.length > depthLimit) {
    throw new Hopeless(
      problem("too-deep", `nested deeper than ${depthLimit} levels`, span, "nothing in the format is"),
    );
  }
  if (isAlias(node)) return convertAlias(state, node.source, span, path, taggable);
  if (node.anchor !== undefined) state.anchors.set(node.anchor, node);
  const tag = taggable ? node.tag : undefined;
  if (tag === "!reset") {
    state.resets.push(path);
    return "remove";
  }
  if (tag === "!override") state.resets.push(path);
  const nested = taggable && tag !== "!override";
  if (node.anchor === undefined) return convertPlain(state, node, path, span, nested);
  state.open.add(node);
  try {
    return convertPlain(state, node, path, span, nested);
  } finally {
    state.open.delete(node);
  }
}

function convertAlias(state: Conversion, name: string, span: Span, path: Path, taggable: boolean): Converted {
  const target = state.anchors.get(name);
  if (target === undefined) {
    const hint = suggestion(name, state.anchors.keys()) ?? `mark what is meant with &${name}, above in this document`;
    throw new Hopeless(problem("unknown-anchor", `unknown anchor "${name}" referenced`, span, hint));
  }
  if (state.open.has(target)) {
    throw new Hopeless({
      ...problem(
        "alias-cycle",
        `anchor "${name}" value contains itself`,
        span,
        "an alias repeats what stands above it",
      ),
      notes: [{ message: "the anchor is here", span: spanOf(state, target) }],
    });
  }
  return convert(state, target, path, taggable);
}

function convertPlain(state: Conversion, node: YamlNode, path: Path, span: Span, taggable: boolean): Node {
  if (isMap(node)) return convertMapping(state, node, path, span, taggable);
  if (isSeq(node)) {
    const items: Node[] = [];
    for (const [index, item] of node.items.entries()) {
      const value = isYamlNode(item) ? convert(state, item, [...path, index], taggable) : nullNode(span);
      if (value !== "remove") items.push(value);
    }
    return { kind: "sequence", items, span };
  }
  return convertScalar(node, span);
}

/** Quoted and block scalars are strings, and so is a scalar with a tag of its own. */
function convertScalar(node: YamlNode, span: Span): Node {
  if (!isScalar(node)) return nullNode(span);
  const text = typeof node.value === "string" ? node.value : (node.source ?? "");
  const isPlain = node.type === "PLAIN" || node.type === undefined;
  const isTyped =
    node.tag === undefined || node.tag === "!!null" || /^tag:yaml\.org,2002:(null|bool|int|float)$/.test(node.tag);
  return isPlain && isTyped ? plainScalar(text, span) : stringNode(withoutAddedLineFeed(node.type, text, span), span);
}

/** A block scalar that the file ends in without a line feed has none: the YAML library adds one, go-yaml does not. */
function withoutAddedLineFeed(type: string | undefined, text: string, { source, end }: Span): string {
  const isBlock = type === "BLOCK_LITERAL" || type === "BLOCK_FOLDED";
  return isBlock && end >= source.text.length && !source.text.endsWith("\n") ? text.replace(/\n$/, "") : text;
}

function convertMapping(state: Conversion, node: YAMLMap, path: Path, span: Span, taggable: boolean): MappingNode {
  const entries = new Map<string, Entry>();
  const merged: Pair[] = [];
  const explicit = new Map<string, Span>();
  for (const pair of node.items) {
    const key = keyOf(state, pair, path, span);
    if (key === undefined) continue;
    const before = explicit.get(key.text);
    if (before !== undefined) {
      state.diagnostics.push({
        ...problem(
          "duplicate-key",
          `mapping key "${key.text}" already defined`,
          key.span,
          key.text === "<<" ? "write one merge key with a list: `<<: [*a, *b]`" : "keep one of them",
        ),
        notes: [{ message: "first defined here", span: before }],
      });
      continue;
    }
    explicit.set(key.text, key.span);
    if (key.isMerge) merged.push(pair);
    else {
      const value = isYamlNode(pair.value)
        ? convert(state, pair.value, [...path, key.text], taggable)
        : nullNode(key.span);
      if (value !== "remove") entries.set(key.text, { keySpan: key.span, value });
    }
  }
  for (const pair of merged) mergeInto(state, pair, path, entries, explicit, taggable);
  return { kind: "mapping", entries, span };
}

function keyOf(
  state: Conversion,
  pair: Pair,
  path: Path,
  around: Span,
): { text: string; span: Span; isMerge: boolean } | undefined {
  let node = pair.key;
  if (isAlias(node)) node = state.anchors.get(node.source) ?? node;
  if (isYamlNode(node) && isScalar(node)) {
    const span = spanOf(state, isYamlNode(pair.key) ? pair.key : node);
    if (node.anchor !== undefined) state.anchors.set(node.anchor, node);
    const key = convertScalar(node, span);
    if (key.kind === "scalar" && key.type === "string") {
      const text = String(key.value);
      return { text, span, isMerge: text === "<<" && node.type === "PLAIN" };
    }
    refuseKey(state, path, key.kind === "scalar" ? key.text || "null" : "", span);
    return undefined;
  }
  refuseKey(state, path, "a list or mapping", isYamlNode(node) ? spanOf(state, node) : around);
  return undefined;
}

function refuseKey(state: Conversion, path: Path, key: string, span: Span): void {
  const where = path.length === 0 ? "at top level" : `in ${pathText(path)}`;
  state.diagnostics.push(problem("non-string-key", `non-string key ${where}: ${key}`, span, "quote it"));
}

/** Merge keys are shallow: explicit keys win, then the earlier of several mappings. */
function mergeInto(
  state: Conversion,
  pair: Pair,
  path: Path,
  entries: Map<string, Entry>,
  explicit: ReadonlyMap<string, Span>,
  taggable: boolean,
): void {
  if (!isYamlNode(pair.value)) return;
  const value = convert(state, pair.value, path, taggable);
  if (value === "remove") return;
  const sources = value.kind === "sequence" ? value.items : [value];
  for (const source of sources) {
    if (source.kind !== "mapping") {
      state.diagnostics.push(
        problem(
          "invalid-merge",
          "map merge requires map or sequence of maps as the value",
          spanOf(state, pair.value),
          "merge a mapping: `<<: *base`, or several: `<<: [*a, *b]`",
        ),
      );
      return;
    }
    for (const [key, entry] of source.entries) {
      if (!entries.has(key) && !explicit.has(key)) entries.set(key, entry);
    }
  }
}
