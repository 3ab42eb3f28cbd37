/**
 * Variables in a Dockerfile's words: `$v`, `${v}`, `${v:-w}` and all its other forms; quotes and escapes are taken away.
 * Source: https://docs.docker.com/reference/dockerfile/#environment-replacement. Pure.
 */

/** A word with a bad substitution, or one that must be set and is not. */
export class ExpansionError extends Error {
  override readonly name = "ExpansionError";
}

export interface ExpandOptions {
  readonly escapeWith: string;
  /** Quotes stay as they are: for the content of here-documents. */
  readonly raw?: boolean;
}

export type Variables = (name: string) => string | undefined;

/** One word with its variables in place. Unset ones are empty. Throws ExpansionError. */
export function expand(word: string, variables: Variables, { escapeWith, raw = false }: ExpandOptions): string {
  let at = 0;

  /** `keep`: escapes stay, for they mean something in a pattern too. */
  const until = (stop: string, keep = false): string => {
    let out = "";
    while (at < word.length) {
      const char = word[at] ?? "";
      if (stop.includes(char) && stop !== "") return out;
      if (char === "$") out += dollar();
      else if (char === escapeWith) out += escaped(keep);
      else if (char === "'" && !raw) out += single();
      else if (char === '"' && !raw) out += double();
      else {
        out += char;
        at++;
      }
    }
    return out;
  };

  const escaped = (keep: boolean): string => {
    const next = word[at + 1] ?? "";
    at += 2;
    return keep ? escapeWith + next : next;
  };

  const single = (): string => {
    const end = word.indexOf("'", at + 1);
    if (end === -1) throw new ExpansionError("unexpected end of statement while looking for matching single-quote");
    const text = word.slice(at + 1, end);
    at = end + 1;
    return text;
  };

  const double = (): string => {
    at++;
    let out = "";
    for (;;) {
      const char = word[at];
      if (char === undefined)
        throw new ExpansionError("unexpected end of statement while looking for matching double-quote");
      if (char === '"') {
        at++;
        return out;
      }
      if (char === "$") out += dollar();
      else if (char === escapeWith && ['"', "$", escapeWith].includes(word[at + 1] ?? "")) {
        out += word[at + 1];
        at += 2;
      } else {
        out += char;
        at++;
      }
    }
  };

  const readName = (): string => {
    const [name = ""] = /^(?:[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?\-$!])/.exec(word.slice(at, at + 300)) ?? [];
    at += name.length;
    return name;
  };

  const dollar = (): string => {
    at++;
    if (word[at] !== "{") {
      const name = readName();
      return name === "" ? "$" : (variables(name) ?? "");
    }
    at++;
    const name = readName();
    if (name === "") throw new ExpansionError("bad substitution");
    const value = variables(name);
    const operator = /^(?::[-+?]|##?|%%?|\/\/?|[-+?}])/.exec(word.slice(at, at + 2))?.[0];
    if (operator === undefined) {
      const found = word[at];
      throw new ExpansionError(
        found === undefined
          ? "syntax error: missing '}'"
          : `unsupported modifier (${word.slice(at, at + 2)}) in substitution`,
      );
    }
    at += operator.length;
    if (operator === "}") return value ?? "";
    const result = substitute(name, value, operator);
    if (word[at] !== "}") throw new ExpansionError("syntax error: missing '}'");
    at++;
    return result;
  };

  const substitute = (name: string, value: string | undefined, operator: string): string => {
    if (operator.startsWith("/")) {
      const pattern = until("/}", true);
      if (word[at] !== "/") throw new ExpansionError("syntax error: missing '/' in a replacement");
      at++;
      const replacement = until("}");
      if (value === undefined) return "";
      return value.replace(new RegExp(wildcards(pattern, true), operator === "//" ? "gs" : "s"), () => replacement);
    }
    const operand = until("}", /[#%]/.test(operator));
    const missing = operator.startsWith(":") ? value === undefined || value === "" : value === undefined;
    switch (operator.at(-1)) {
      case "-":
        return missing ? operand : (value ?? "");
      case "+":
        return missing ? "" : operand;
      case "?":
        if (!missing) return value ?? "";
        throw new ExpansionError(
          `${name}: ${operand || (value === undefined ? "not allowed to be unset" : "not allowed to be empty")}`,
        );
      case "#":
        return cutStart(value ?? "", operand, operator === "##");
      default:
        return cutEnd(value ?? "", operand, operator === "%%");
    }
  };

  return until("");
}

function cutStart(value: string, pattern: string, greedy: boolean): string {
  return value.replace(new RegExp(`^${wildcards(pattern, greedy)}`, "s"), "");
}

/** The shortest or the longest end that matches: tried from the one side or the other, as a match itself begins as early as it can. */
function cutEnd(value: string, pattern: string, greedy: boolean): string {
  const whole = new RegExp(`^${wildcards(pattern, true)}$`, "s");
  const cuts = Array.from({ length: value.length + 1 }, (_, i) => (greedy ? i : value.length - i));
  const cut = cuts.find((at) => whole.test(value.slice(at)));
  return cut === undefined ? value : value.slice(0, cut);
}

/** `*` and `?` of the shell as a regular expression; a backslash makes them ordinary. */
function wildcards(pattern: string, greedy: boolean): string {
  return pattern.replace(/\\(.)|(\*)|(\?)|[^\w\s]/gs, (match, escaped: string | undefined, star, question) => {
    if (star !== undefined) return greedy ? ".*" : ".*?";
    if (question !== undefined) return ".";
    return `\\${escaped ?? match}`.replace(/^\\([\w\s])$/, "$1");
  });
}
