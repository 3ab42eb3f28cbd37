import type { Diagnostic, Source } from "../errors.ts";
import { type Code, problem, warning } from "./codes.ts";
import { type Lookup, longestText, substitute } from "./template.ts";
import { variableSpan } from "./variable-span.ts";

/** White space within a line, as the dotenv grammar counts it. */
const blanks = /[\t\v\f\r \u0085\u00a0]*/y;
/** Go's unicode.IsSpace, line feeds included. */
const spaces = /[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*/y;
const space = /[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
const exported = /export[\t\n\v\f\r \u0085\u00a0]+/y;
const keyCharacter = /[\p{L}\p{N}_.\-[\] \t\v\f\r\u0085\u00a0]/u;
const escapes: ReadonlyMap<string, string> = new Map([
  ["a", "\x07"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["v", "\v"],
  ["\\", "\\"],
  ['"', '"'],
  ["$", "$$"],
]);

/** What a step of the parser found, and where to go on. */
interface Read<T> {
  readonly value: T;
  readonly next: number;
}

/** A fault of the grammar; parsing ends there. Never leaves this file. */
class Malformed extends Error {
  readonly start: number;
  readonly end: number;
  readonly code: Code;
  constructor(message: string, start: number, end: number, code: Code = "invalid-env-file") {
    super(message);
    this.code = code;
    this.start = start;
    this.end = end;
  }
}

/**
 * Reads an env file: `KEY=value`, `KEY: value`, `export`, comments, single and double quotes (also over several lines),
 * and variables, which `lookup` knows first and the file's own earlier lines second. `KEY` alone takes the value that
 * `lookup` knows, or is left out. Later lines win. After a fault of the grammar nothing more is read.
 * Source: compose-go dotenv/parser.go.
 */
export function parseDotenv(
  source: Source,
  lookup: Lookup,
): { entries: Map<string, string>; diagnostics: readonly Diagnostic<Code>[] } {
  const entries = new Map<string, string>();
  const diagnostics: Diagnostic<Code>[] = [];
  const { text } = source;
  let grown = 0;

  const expand = (template: string, start: number, end: number): string => {
    const result = substitute(template, (name) => lookup(name) ?? entries.get(name));
    grown += result.text.length;
    const span = { source, start, end };
    for (const name of result.unset) {
      const message = `The "${name}" variable is not set. Defaulting to a blank string.`;
      diagnostics.push(
        warning("unset-variable", message, variableSpan(span, name), `set it, or write \${${name}:-default}`),
      );
    }
    if (result.fault?.kind === "invalid") {
      const hint = "you may need to escape any $ with another $";
      diagnostics.push(problem("invalid-interpolation", `invalid interpolation format: ${template}`, span, hint));
    } else if (result.fault?.kind === "large" || grown > longestText) {
      throw new Malformed(`the variables make more than ${longestText} characters`, start, end, "too-large");
    } else if (result.fault?.kind === "missing") {
      const { variable, message } = result.fault;
      const reason = message === "" ? "" : `: ${message}`;
      const hint = `set ${variable} in the environment or above`;
      diagnostics.push(
        problem(
          "missing-variable",
          `required variable ${variable} is missing a value${reason}`,
          variableSpan(span, variable),
          hint,
        ),
      );
    }
    return result.text;
  };

  try {
    let at = text.startsWith("\ufeff") ? 1 : 0;
    for (at = skipToStatement(text, at); at < text.length; at = skipToStatement(text, at)) {
      const key = readKey(text, at);
      if (!key.value.assigned) {
        const inherited = lookup(key.value.name);
        if (inherited !== undefined) entries.set(key.value.name, inherited);
        at = key.next;
        continue;
      }
      const value = readValue(text, key.next);
      entries.set(
        key.value.name,
        value.value.literal ? value.value.text : expand(value.value.text, key.next, value.next),
      );
      at = value.next;
    }
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    diagnostics.push(problem(error.code, error.message, { source, start: error.start, end: error.end }));
  }
  return { entries, diagnostics };
}

function skipToStatement(text: string, from: number): number {
  let at = from;
  for (;;) {
    at = endOf(spaces, text, at);
    if (text[at] !== "#") break;
    at = lineEnd(text, at);
  }
  return endOf(exported, text, at);
}

/** A key up to `=` or `:` (assigned) or the end of its line (inherited). */
function readKey(text: string, from: number): Read<{ name: string; assigned: boolean }> {
  let at = from;
  while (at < text.length) {
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    if (character === "=" || character === ":" || character === "\n") break;
    if (!keyCharacter.test(character)) {
      const rest = text.slice(from, lineEnd(text, from));
      const message = `unexpected character "${character}" in variable name "${rest}"`;
      throw new Malformed(message, at, at + character.length);
    }
    at += character.length;
  }
  const name = trimmedEnd(text.slice(from, at));
  if (/[ \t\v\f\r\u0085\u00a0]/.test(name)) throw new Malformed("key cannot contain a space", from, at);
  return { value: { name, assigned: text[at] === "=" || text[at] === ":" }, next: at + 1 };
}

function readValue(text: string, from: number): Read<{ text: string; literal: boolean }> {
  const at = endOf(blanks, text, from);
  const quote = text[at];
  if (quote === "'" || quote === '"') return readQuoted(text, at, quote);
  const end = lineEnd(text, at);
  const line = text.slice(at, end);
  const comment = line.indexOf(" #");
  const value = trimmedEnd(comment === -1 ? line : line.slice(0, comment));
  return { value: { text: value, literal: false }, next: end };
}

function readQuoted(text: string, from: number, quote: string): Read<{ text: string; literal: boolean }> {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] !== quote || text[at - 1] === "\\") continue;
    const inside = text.slice(from + 1, at);
    if (quote === "'") return { value: { text: inside.replaceAll("\\'", "'"), literal: true }, next: at + 1 };
    return { value: { text: unescapeDouble(inside), literal: false }, next: at + 1 };
  }
  const end = lineEnd(text, from);
  throw new Malformed(`unterminated quoted value ${text.slice(from, end)}`, from, end);
}

/** Unknown escapes stay as they are written; a dollar stays escaped for the substitution that follows. */
function unescapeDouble(text: string): string {
  return text.replace(/\\(0[0-9]{0,3}|[\s\S])/g, (written, name: string) => {
    if (!name.startsWith("0")) return escapes.get(name) ?? written;
    // compose-go drops the 0 of what is no octal number of three digits up to 0377.
    return /^0[0-3][0-7]{2}$/.test(name) ? String.fromCharCode(Number.parseInt(name, 8)) : `\\${name.slice(1)}`;
  });
}

/** Without the spaces at the end. (An expression would try at each run of spaces on the way.) */
function trimmedEnd(text: string): string {
  let end = text.length;
  while (end > 0 && space.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}

function endOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : from;
}
