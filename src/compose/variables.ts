import type { MappingNode, Node } from "./node.ts";

/** One use of a variable in a template. */
export interface VariableUse {
  readonly name: string;
  /** The word behind `:-` or `-`, as written; empty where there is none. */
  readonly fallback: string;
  /** The word behind `:+` or `+`, as written; empty where there is none. */
  readonly alternate: string;
  /** Whether the form is `:?` or `?`. */
  readonly required: boolean;
}

/**
 * The variables of a document that was not interpolated, sorted by name. Of a variable that is used in several places,
 * the first use that says more than the name counts.
 */
export function variablesIn(document: MappingNode): readonly VariableUse[] {
  const found = new Map<string, VariableUse>();
  for (const use of usesIn(document)) {
    const known = found.get(use.name);
    if (known === undefined || (isBare(known) && !isBare(use))) found.set(use.name, use);
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function* usesIn(node: Node): Generator<VariableUse> {
  if (node.kind === "sequence") for (const item of node.items) yield* usesIn(item);
  else if (node.kind === "mapping") for (const { value } of node.entries.values()) yield* usesIn(value);
  else if (node.type === "string") yield* variablesOf(node.text);
}

function isBare({ fallback, alternate, required }: VariableUse): boolean {
  return fallback === "" && alternate === "" && !required;
}

/** Every variable that a template uses, those within defaults and alternates too, in order. What is invalid is skipped. */
export function variablesOf(template: string): readonly VariableUse[] {
  const uses: VariableUse[] = [];
  // What stands in a default is met by going on behind its operator.
  for (const match of template.matchAll(/\$(?:\$|([_a-z][_a-z0-9]*)|\{([_a-z][_a-z0-9]*)(?:\}|(:?[-+?])))/gi)) {
    const [matched, named, braced, operator = ""] = match;
    const name = named ?? braced;
    const word = operator === "" ? "" : wordAt(template, match.index + matched.length);
    if (name === undefined || word === undefined) continue;
    const kind = operator.at(-1);
    const [fallback, alternate] = [kind === "-" ? word : "", kind === "+" ? word : ""];
    uses.push({ name, fallback, alternate, required: kind === "?" });
  }
  return uses;
}

/** The text up to the brace that closes an expression; undefined when none does on this line. */
function wordAt(template: string, start: number): string | undefined {
  let depth = 1;
  for (let i = start; i < template.length && template[i] !== "\n"; i++) {
    if (template[i] === "{") depth++;
    else if (template[i] === "}" && --depth === 0) return template.slice(start, i);
  }
  return undefined;
}
