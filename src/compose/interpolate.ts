import type { Diagnostic } from "../errors.ts";
import { type AttributeNode, rootAttributes } from "./attributes.ts";
import { cast } from "./casts.ts";
import { problem, warning } from "./codes.ts";
import { type MappingNode, mapSequence, mapValues, type Node, type Path, pathText, type ScalarNode } from "./node.ts";
import { type Lookup, longestText, substitute } from "./template.ts";
import { variableSpan } from "./variable-span.ts";

/**
 * Substitutes variables in every string value of a document (never in keys) and gives typed attributes their type.
 * Finds every fault; an unset variable without a default is a warning and an empty text.
 */
export function interpolate(
  document: MappingNode,
  lookup: Lookup,
): { node: MappingNode; diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  let grown = 0;

  const walk = (node: Node, attributes: AttributeNode | undefined, path: Path): Node => {
    if (node.kind === "scalar") return node.type === "string" ? scalar(node, attributes, path) : node;
    if (node.kind === "sequence") {
      return mapSequence(node, (item, i) => walk(item, attributes?.item, [...path, i]));
    }
    return mapValues(node, (value, key) => walk(value, attributes?.key(key), [...path, key]));
  };

  const scalar = (node: ScalarNode, attributes: AttributeNode | undefined, path: Path): Node => {
    const { text, unset, fault } = substitute(String(node.value), lookup);
    const where = pathText(path);
    for (const variable of unset) {
      diagnostics.push(
        warning(
          "unset-variable",
          `The "${variable}" variable is not set. Defaulting to a blank string.`,
          variableSpan(node.span, variable),
          `set it, or write \${${variable}:-default}`,
        ),
      );
    }
    if (fault?.kind === "invalid") {
      diagnostics.push(
        problem(
          "invalid-interpolation",
          `invalid interpolation format for ${where}`,
          node.span,
          "you may need to escape any $ with another $",
        ),
      );
      return node;
    }
    grown += text.length - String(node.value).length;
    if (fault?.kind === "large" || grown > longestText) {
      const message = `${where}: the variables make more than ${longestText} characters`;
      diagnostics.push(problem("too-large", message, node.span, "shorten their values"));
      return node;
    }
    if (fault?.kind === "missing") {
      const reason = fault.message === "" ? "" : `: ${fault.message}`;
      diagnostics.push(
        problem(
          "missing-variable",
          `error while interpolating ${where}: required variable ${fault.variable} is missing a value${reason}`,
          variableSpan(node.span, fault.variable),
          `set ${fault.variable} in the environment or in an env file`,
        ),
      );
      return node;
    }
    const substituted: ScalarNode = text === node.value ? node : { ...node, value: text, text };
    const type = attributes?.attribute?.cast;
    if (type === undefined) return substituted;
    const typed = cast(substituted, type);
    if (typed.warning !== undefined) diagnostics.push(warning("old-boolean", typed.warning, node.span));
    if (typed.error !== undefined) {
      const message = `error while interpolating ${where}: failed to cast to expected type: ${typed.error}`;
      diagnostics.push(problem("invalid-cast", message, node.span, typed.hint));
    }
    return typed.node ?? substituted;
  };

  return { node: mapValues(document, (value, key) => walk(value, rootAttributes.key(key), [key])), diagnostics };
}
