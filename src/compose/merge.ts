import type { Diagnostic } from "../errors.ts";
import { type AttributeNode, rootAttributes } from "./attributes.ts";
import { problem } from "./codes.ts";
import {
  boolNode,
  child,
  type Entry,
  isString,
  type MappingNode,
  mappingNode,
  type Node,
  nullNode,
  type Path,
  pathText,
  stringNode,
} from "./node.ts";
import { identity, isSame } from "./same.ts";
import { expand } from "./short/expand.ts";

interface Place {
  readonly attributes: AttributeNode | undefined;
  readonly path: Path;
  readonly diagnostics: Diagnostic[];
}

/**
 * Lays a document over an earlier one: mappings key by key, lists appended (an entry that is there already is not
 * repeated), otherwise the later value; a later null keeps what is there. Attributes with a rule of their own follow
 * their `merge` annotation. Lists are not yet unique by their keys: see unicity.ts.
 * Source: compose-spec 13-merge.md; compose-go override/merge.go.
 *
 * @param start where in the format the two documents stand, for the parts that `extends` merges
 */
export function merge(
  base: MappingNode,
  override: MappingNode,
  start: { attributes: AttributeNode | undefined; path: Path } = { attributes: rootAttributes, path: [] },
): { node: MappingNode; diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  return { node: mergeMappings(base, override, { ...start, diagnostics }), diagnostics };
}

function mergeMappings(base: MappingNode, override: MappingNode, place: Place): MappingNode {
  const entries = new Map<string, Entry>(base.entries);
  for (const [key, entry] of override.entries) {
    const before = base.entries.get(key);
    if (before === undefined) entries.set(key, entry);
    else {
      const below = { ...place, attributes: place.attributes?.key(key), path: [...place.path, key] };
      entries.set(key, { keySpan: entry.keySpan, value: mergeNodes(before.value, entry.value, below) });
    }
  }
  return { ...override, entries };
}

const isNull = (node: Node) => node.kind === "scalar" && node.type === "null";

function mergeNodes(base: Node, override: Node, place: Place): Node {
  const rule = place.attributes?.attribute?.merge;
  if (rule === "replace") return override;
  if (isNull(override)) return base;
  if (isNull(base)) return override;
  switch (rule) {
    case "list":
      return appendLists(toList(base), toList(override), override, false);
    case "hosts":
      return appendLists(toList(base), toList(override), override, true);
    case "build":
      return mergeByKind(asBuild(base), asBuild(override), place);
    case "depends_on":
      return mergeByKind(asDependencies(base), asDependencies(override), place);
    case "named":
      return mergeByKind(asNames(base), asNames(override), place);
    case "logging":
      return mergeLogging(base, override, place);
    case "ipam":
      return mergePools(base, override, place);
    case "ulimit":
      return override;
    default:
      return mergeByKind(base, override, place);
  }
}

function mergeByKind(base: Node, override: Node, place: Place): Node {
  if (base.kind === "mapping" && override.kind === "mapping") return mergeMappings(base, override, place);
  if (base.kind === "sequence" && override.kind === "sequence") {
    return appendLists(base.items, override.items, override, true);
  }
  if (base.kind === "scalar" && override.kind === "scalar") return override;
  // The earlier file was written out in full already; a later short form may only look different.
  const short = place.attributes?.attribute?.short;
  if (short !== undefined) {
    const long = expand(short, override);
    if (long.node.kind === base.kind && long.diagnostics === undefined) return mergeByKind(base, long.node, place);
  }
  // The earlier value stays: the later one would only be found at fault once more.
  place.diagnostics.push({
    ...problem(
      "cannot-override",
      `cannot override ${pathText(place.path)}`,
      override.span,
      "use the same form in both",
    ),
    notes: [{ message: "first given here", span: base.span }],
  });
  return base;
}

function appendLists(base: readonly Node[], override: readonly Node[], at: Node, onlyNew: boolean): Node {
  const known = new Set(onlyNew ? base.map(identity) : []);
  const added = onlyNew ? override.filter((item) => !known.has(identity(item))) : override;
  return { kind: "sequence", items: [...base, ...added], span: at.span };
}

/** Mappings become `key=value` entries, sorted by key, a null value the bare key; a text is a list of one. */
function toList(node: Node): readonly Node[] {
  if (node.kind === "sequence") return node.items;
  if (node.kind === "scalar") return [node];
  return [...node.entries]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, { value }]) => {
      if (isNull(value)) return [stringNode(key, value.span)];
      const values = value.kind === "sequence" ? value.items : [value];
      return values.map((item) => stringNode(`${key}=${item.kind === "scalar" ? item.text : ""}`, item.span));
    });
}

function asBuild(node: Node): Node {
  return isString(node) ? mappingNode([["context", node]], node.span) : node;
}

function asDependencies(node: Node): Node {
  if (node.kind !== "sequence") return node;
  return fromNames(node, (item) =>
    mappingNode(
      [
        ["condition", stringNode("service_started", item.span)],
        ["required", boolNode(true, item.span)],
      ],
      item.span,
    ),
  );
}

function asNames(node: Node): Node {
  return node.kind === "sequence" ? fromNames(node, (item) => nullNode(item.span)) : node;
}

function fromNames(node: Node & { kind: "sequence" }, value: (item: Node) => Node): Node {
  return mappingNode(
    node.items.map((item) => [item.kind === "scalar" ? item.text : "", value(item)] as const),
    node.span,
  );
}

/** Options of another driver mean nothing: a later driver replaces all. */
function mergeLogging(base: Node, override: Node, place: Place): Node {
  const [before, after] = [child(base, "driver"), child(override, "driver")];
  if (before !== undefined && after !== undefined && !isSame(before, after)) return override;
  return mergeByKind(base, override, place);
}

/** Address pools of the same subnet are one pool. */
function mergePools(base: Node, override: Node, place: Place): Node {
  if (base.kind !== "sequence" || override.kind !== "sequence") return mergeByKind(base, override, place);
  const pools = [...base.items];
  const subnetOf = (pool: Node) => {
    const subnet = child(pool, "subnet");
    return subnet === undefined ? undefined : identity(subnet);
  };
  const places = new Map(base.items.map((pool, i) => [subnetOf(pool), i]));
  for (const pool of override.items) {
    const subnet = subnetOf(pool);
    const index = subnet === undefined ? undefined : places.get(subnet);
    const before = index === undefined ? undefined : pools[index];
    if (index !== undefined && before?.kind === "mapping" && pool.kind === "mapping") {
      pools[index] = mergeMappings(before, pool, { ...place, attributes: place.attributes?.item });
    } else {
      places.set(subnet, pools.length);
      pools.push(pool);
    }
  }
  return { ...override, items: pools };
}
