import type { Diagnostic } from "../errors.ts";
import { type AttributeNode, rootAttributes } from "./attributes.ts";
import { type MappingNode, mapSequence, mapValues, type Node, type Path, pathText } from "./node.ts";
import { type Expansion, expand } from "./short/expand.ts";

/**
 * Writes every short syntax out in full: ports, mounts, devices, `depends_on` lists, build contexts and so on. What
 * `command`, `environment` and other attributes mean that are texts or lists is left to decode. Values of a kind that
 * the schema refuses stay as they are.
 *
 * @param options.lenient leave what does not parse instead of reporting it (variables were not interpolated)
 */
export function canonical(
  document: MappingNode,
  options: { lenient: boolean },
): { node: MappingNode; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];

  const report = (path: Path, found: Expansion["diagnostics"]) => {
    for (const finding of found ?? []) {
      if (options.lenient && finding.severity === "error") continue;
      diagnostics.push({ ...finding, message: `${pathText(path)}: ${finding.message}` });
    }
  };

  const walk = (node: Node, attributes: AttributeNode, path: Path): Node => {
    const short = attributes.attribute?.short;
    if (short === undefined) return walkInto(node, attributes, path);
    const long = expand(short, node);
    report(path, long.diagnostics);
    // A list of which one entry does not parse stays as it is written, the others too.
    const isLeft = options.lenient && long.diagnostics?.some(({ severity }) => severity === "error");
    return walkInto(isLeft ? node : long.node, attributes, path);
  };

  const walkInto = (node: Node, attributes: AttributeNode, path: Path): Node => {
    if (node.kind === "mapping") return walkMapping(node, attributes, path);
    const { item } = attributes;
    if (node.kind === "scalar" || item === undefined) return node;
    return mapSequence(node, (value, i) => walk(value, item, [...path, i]));
  };

  const walkMapping = (node: MappingNode, attributes: AttributeNode, path: Path): MappingNode =>
    mapValues(node, (value, key) => {
      const below = attributes.key(key);
      return below === undefined ? value : walk(value, below, [...path, key]);
    });

  return { node: walkMapping(document, rootAttributes, []), diagnostics };
}
