import type { MappingNode, Node, Path } from "./node.ts";

/**
 * Deletes what `!reset` and `!override` of a later document stand for. Items of a list are not deleted: which item of an
 * earlier list would be meant?
 * Source: compose-spec, "Reset value" and "Replace value".
 */
export function applyResets(document: MappingNode, resets: readonly Path[]): MappingNode {
  let result = document;
  for (const path of resets) {
    const changed = remove(result, path);
    if (changed.kind === "mapping") result = changed;
  }
  return result;
}

/** The resets below a path, as paths from there. */
export function resetsBelow(resets: readonly Path[], path: Path): readonly Path[] {
  return resets
    .filter((reset) => reset.length > path.length && path.every((segment, i) => segment === reset[i]))
    .map((reset) => reset.slice(path.length));
}

function remove(node: Node, path: Path): Node {
  const [key, ...rest] = path;
  if (node.kind !== "mapping" || typeof key !== "string") return node;
  const entry = node.entries.get(key);
  if (entry === undefined) return node;
  const entries = new Map(node.entries);
  if (rest.length === 0) entries.delete(key);
  else entries.set(key, { ...entry, value: remove(entry.value, rest) });
  return { ...node, entries };
}
