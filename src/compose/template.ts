/** Looks a variable up; undefined when it is not set. */
export type Lookup = (name: string) => string | undefined;

/**
 * What went wrong in a template. `missing` is the `:?` and `?` forms: `message` is what the file's author wrote. `large` is
 * a text that grows beyond `longestText`.
 */
export type TemplateFault =
  | { readonly kind: "invalid"; readonly template: string }
  | { readonly kind: "missing"; readonly variable: string; readonly message: string }
  | { readonly kind: "large" };

export interface Substituted {
  readonly text: string;
  /** Variables that were used without a default and are not set, in order, each once. */
  readonly unset: readonly string[];
  readonly fault?: TemplateFault;
}

/** A text with its variables may have this many characters; variables made of variables double with every line. */
export const longestText = 4 * 2 ** 20;
/** Defaults within defaults, this deep. */
const deepest = 100;

const opening = /\$(?:(\$)|([_a-z][_a-z0-9]*)|\{([_a-z][_a-z0-9]*)(?:(\})|(:?[-+?]))|(\{))/iy;

/**
 * Substitutes the variables of one string, as compose-go's template package does: `$V`, `${V}`, the forms with `:-`, `-`,
 * `:?`, `?`, `:+` and `+`, nested and lazy, and `$$` for a dollar. A `$` before anything else stays.
 * Source: compose-spec, "Interpolation"; compose-go template/template.go.
 */
export function substitute(template: string, lookup: Lookup): Substituted {
  if (!template.includes("$")) return { text: template, unset: [] };
  const unset = new Set<string>();
  try {
    return { text: expand(template, { lookup, unset, template }, 0), unset: [...unset] };
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

interface Run {
  readonly lookup: Lookup;
  readonly unset: Set<string>;
  /** The whole text, for the fault. */
  readonly template: string;
}

function expand(source: string, run: Run, depth: number): string {
  const invalid = () => new Fault({ kind: "invalid", template: run.template });
  if (depth > deepest) throw invalid();
  const lastBrace = lastBraces(source);
  let text = "";
  let done = 0;
  for (let at = source.indexOf("$"); at !== -1; at = source.indexOf("$", at)) {
    opening.lastIndex = at;
    const match = opening.exec(source);
    if (match === null) {
      at++;
      continue;
    }
    text += source.slice(done, at);
    const [matched, escaped, named, braced, closed, operator] = match;
    const behind = at + matched.length;
    done = behind;
    if (escaped !== undefined) text += "$";
    else if (named !== undefined) text += variable(named, run);
    else if (braced === undefined) throw invalid();
    else if (closed !== undefined) text += variable(braced, run);
    else {
      // compose-go's expression runs to the last brace of the line, and is then cut where the braces balance.
      const last = lastBrace(behind);
      if (last === -1) throw invalid();
      const end = balancedEnd(source, at + 1, last);
      text += choose(braced, operator ?? "", source.slice(behind, end), run, depth);
      done = end + 1;
    }
    if (text.length > longestText) throw new Fault({ kind: "large" });
    at = done;
  }
  return text + source.slice(done);
}

/** Tells where the last `}` of the line is, at or behind a place; -1 when there is none. Places must not go back. */
function lastBraces(source: string): (from: number) => number {
  let lineEnd = -1;
  let last = -1;
  return (from) => {
    if (from > lineEnd) {
      const feed = source.indexOf("\n", from);
      lineEnd = feed === -1 ? source.length : feed;
      last = source.lastIndexOf("}", lineEnd);
    }
    return last >= from ? last : -1;
  };
}

/**
 * Where the brace that opens at `from` closes; `last` when it does not. compose-go skips the character behind every inner
 * `{`, so that `${V:-{}}` works.
 */
function balancedEnd(source: string, from: number, last: number): number {
  let depth = 0;
  for (let i = from; i <= last; i++) {
    if (source[i] === "{") {
      depth++;
      if (i > from && source[i + 1] !== "}") i++;
    } else if (source[i] === "}" && --depth === 0) return i;
  }
  return last;
}

/** @param operator with a colon, an empty value counts as unset */
function choose(name: string, operator: string, word: string, run: Run, depth: number): string {
  const value = run.lookup(name);
  const isSet = operator.startsWith(":") ? value !== undefined && value !== "" : value !== undefined;
  const nested = () => expand(word, run, depth + 1);
  switch (operator.at(-1)) {
    case "-":
      return isSet ? (value ?? "") : nested();
    case "+":
      return isSet ? nested() : "";
    default:
      if (isSet) return value ?? "";
      throw new Fault({ kind: "missing", variable: name, message: nested() });
  }
}

function variable(name: string, { lookup, unset }: Run): string {
  const value = lookup(name);
  if (value === undefined) unset.add(name);
  return value ?? "";
}
