/** Looks a variable up; undefined when it is not set. */
export type Lookup = (name: string) => string | undefined;

/** What went wrong in a template. `missing` is the `:?` and `?` forms: `message` is what the file's author wrote. */
export type TemplateFault =
  | { readonly kind: "invalid"; readonly template: string }
  | { readonly kind: "missing"; readonly variable: string; readonly message: string };

export interface Substituted {
  readonly text: string;
  /** Variables that were used without a default and are not set, in order, each once. */
  readonly unset: readonly string[];
  readonly fault?: TemplateFault;
}

// One `$…` of a template. Go's `.` excludes only the line feed, JavaScript's excludes more.
const pattern = /\$(?:(\$)|([_a-z][_a-z0-9]*)|(\{(?:[_a-z][_a-z0-9]*(?::?[-+?][^\n]*)?)\})|(\{))/i;
const operator = /:\?|\?|:-|-|:\+|\+/;

/**
 * Substitutes the variables of one string, as compose-go's template package does: `$V`, `${V}`, the forms with `:-`, `-`,
 * `:?`, `?`, `:+` and `+`, nested and lazy, and `$$` for a dollar. A `$` before anything else stays.
 * Source: compose-spec, "Interpolation"; compose-go template/template.go.
 */
export function substitute(template: string, lookup: Lookup): Substituted {
  if (!template.includes("$")) return { text: template, unset: [] };
  const unset = new Set<string>();
  try {
    return { text: expand(template, lookup, unset, template), unset: [...unset] };
  } catch (error) {
    if (error instanceof Fault) return { text: template, unset: [...unset], fault: error.fault };
    throw error;
  }
}

/** Leaves a nested substitution at its first fault; never leaves this file. */
class Fault extends Error {
  readonly fault: TemplateFault;
  constructor(fault: TemplateFault) {
    super(fault.kind);
    this.fault = fault;
  }
}

function expand(template: string, lookup: Lookup, unset: Set<string>, whole: string): string {
  let rest = template;
  let text = "";
  for (;;) {
    const match = pattern.exec(rest);
    if (match === null) return text + rest;
    const [matched, escaped, named, braced] = match;
    text += rest.slice(0, match.index);
    rest = rest.slice(match.index + matched.length);
    if (escaped !== undefined) text += "$";
    else if (named !== undefined) text += variable(named, lookup, unset);
    else if (braced !== undefined) {
      const end = balancedEnd(braced);
      text += expandBraced(braced.slice(1, end), lookup, unset, whole);
      rest = braced.slice(end + 1) + rest;
    } else throw new Fault({ kind: "invalid", template: whole });
  }
}

/**
 * The match runs to the last `}` of the line; this is the index of the one that closes it. compose-go skips the
 * character behind every `{`, so `${V:-{}}` works.
 */
function balancedEnd(braced: string): number {
  let depth = 0;
  for (let i = 0; i < braced.length; i++) {
    if (braced[i] === "{") {
      depth++;
      if (i > 0 && braced[i + 1] !== "}") i++;
    } else if (braced[i] === "}" && --depth === 0) return i;
  }
  return braced.length - 1;
}

function expandBraced(inside: string, lookup: Lookup, unset: Set<string>, whole: string): string {
  const found = operator.exec(inside);
  if (found === null) return variable(inside, lookup, unset);
  const name = inside.slice(0, found.index);
  const word = inside.slice(found.index + found[0].length);
  const value = lookup(name);
  // With a colon, an empty value counts as unset.
  const isSet = found[0].startsWith(":") ? value !== undefined && value !== "" : value !== undefined;
  const nested = () => expand(word, lookup, unset, whole);
  switch (found[0].at(-1)) {
    case "-":
      return isSet ? (value ?? "") : nested();
    case "+":
      return isSet ? nested() : "";
    default:
      if (isSet) return value ?? "";
      throw new Fault({ kind: "missing", variable: name, message: nested() });
  }
}

function variable(name: string, lookup: Lookup, unset: Set<string>): string {
  const value = lookup(name);
  if (value === undefined) unset.add(name);
  return value ?? "";
}
