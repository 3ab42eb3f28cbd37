import type { Attribute } from "./attributes.ts";
import { boolNode, intNode, type ScalarNode } from "./node.ts";
import { floatNode } from "./scalar.ts";

/** What a cast answers: the typed scalar (and, for an old spelling of a boolean, a warning), or why it cannot be. */
export interface Cast {
  readonly node?: ScalarNode;
  readonly warning?: string;
  readonly error?: string;
  readonly hint?: string;
}

const oldBools: ReadonlyMap<string, boolean> = new Map([
  ["y", true],
  ["yes", true],
  ["on", true],
  ["n", false],
  ["no", false],
  ["off", false],
]);

/**
 * Gives a string the type that its attribute has, after interpolation.
 * Source: compose-go loader/interpolate.go (Go's strconv: base 10, no spaces).
 */
export function cast(node: ScalarNode, type: NonNullable<Attribute["cast"]>): Cast {
  const text = String(node.value);
  switch (type) {
    case "int": {
      if (!/^[-+]?\d+$/.test(text)) return { error: `"${text}" is not a whole number`, hint: "write a whole number" };
      const value = BigInt(text.replace(/^\+/, ""));
      const number = Number(value);
      return { node: intNode(Number.isSafeInteger(number) ? number : value, node.span) };
    }
    case "float": {
      const value = Number(text.replaceAll("_", ""));
      if (text.trim() !== text || text === "" || Number.isNaN(value)) {
        return { error: `"${text}" is not a number`, hint: "write a number" };
      }
      return { node: floatNode(value, node.span) };
    }
    case "bool": {
      const lower = text.toLowerCase();
      if (lower === "true" || lower === "false") return { node: boolNode(lower === "true", node.span) };
      const old = oldBools.get(lower);
      if (old === undefined) {
        const error = `invalid boolean: ${text === "" ? '""' : text}`;
        return {
          error,
          hint: text === "" ? "write true or false, or give the variable a default" : "write true or false",
        };
      }
      return {
        node: boolNode(old, node.span),
        warning: `"${text}" for boolean is not supported by YAML 1.2, please use \`${old}\``,
      };
    }
  }
}
