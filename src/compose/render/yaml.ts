import type { Plain } from "./plain.ts";

/**
 * Plain data as YAML in block style, in the spelling of go-yaml v3, which docker compose prints with: two spaces, lists
 * set in below their key, texts plain where that is possible, literal where they have several lines, never folded.
 */
export function toYaml(value: Plain): string {
  const lines: string[] = [];
  const content = contentOf(value);
  if (content === undefined) lines.push(inline(value, 0));
  else block(content, 0, lines);
  return `${lines.join("\n")}\n`;
}

/** What a collection that is not empty holds. */
interface Content {
  readonly items?: readonly Plain[];
  readonly entries?: readonly (readonly [string, Plain])[];
}

function contentOf(value: Plain): Content | undefined {
  if (value === null || typeof value !== "object") return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : { items: value };
  const entries = Object.entries(value);
  return entries.length === 0 ? undefined : { entries };
}

function block({ items = [], entries = [] }: Content, depth: number, lines: string[]): void {
  const indent = "  ".repeat(depth);
  for (const [key, value] of entries) {
    const name = `${indent}${scalar(key, depth, true)}:`;
    const content = contentOf(value);
    if (content === undefined) {
      lines.push(`${name} ${inline(value, depth)}`);
    } else {
      lines.push(name);
      block(content, depth + 1, lines);
    }
  }
  for (const item of items) {
    const content = contentOf(item);
    if (content === undefined) {
      lines.push(`${indent}- ${inline(item, depth)}`);
      continue;
    }
    const start = lines.length;
    block(content, depth + 1, lines);
    // The item's first line stands on the line of its dash.
    lines[start] = `${indent}- ${lines[start]?.slice(indent.length + 2) ?? ""}`;
  }
}

/** A scalar, or an empty list or mapping. */
function inline(value: Plain, depth: number): string {
  if (typeof value === "string") return scalar(value, depth, false);
  if (value === null || typeof value !== "object") return String(value);
  return Array.isArray(value) ? "[]" : "{}";
}

function scalar(text: string, depth: number, isKey: boolean): string {
  // Most texts are simple; the full rules cost ten times as much.
  if (/^[a-zA-Z/][a-zA-Z0-9_./-]{5,}$/.test(text)) return text;
  const isSpecial = special.test(text);
  const breaksAfterSpace = / \n/.test(text);
  if (text.includes("\n")) {
    if (isKey || isSpecial || breaksAfterSpace || text.endsWith(" ")) return doubleQuoted(text);
    return literal(text, depth);
  }
  if (meansOther(text)) return doubleQuoted(text);
  if (isPlain(text) && !isSpecial && !text.includes("\t")) return text;
  return isSpecial || text.includes("\t") ? doubleQuoted(text) : `'${text.replaceAll("'", "''")}'`;
}

/** Characters that go-yaml does not show as they are (all beyond 16 bits among them). Tabs and line feeds have rules of their own. */
const special = /[^\t\n\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/u;

/** Texts that would be read as another type: by YAML 1.2, by 1.1, or as a sexagesimal number. */
function meansOther(text: string): boolean {
  return (
    /^(|~|null|Null|NULL|true|True|TRUE|false|False|FALSE|<<)$/.test(text) ||
    /^(y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/.test(text) ||
    /^[-+]?(\.inf|\.Inf|\.INF)$|^(\.nan|\.NaN|\.NAN)$/.test(text) ||
    /^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$/.test(text) ||
    isNumber(text) ||
    /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\.[0-9]*)?.*)?$/.test(text)
  );
}

function isNumber(text: string): boolean {
  if (!/^[-+.0-9]/.test(text)) return false;
  const digits = text.replaceAll("_", "");
  return (
    /^[-+]?(0x[0-9a-fA-F]+|0o?[0-7]+|0b[01]+|[0-9]+)$/.test(digits) ||
    /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/.test(digits)
  );
}

function isPlain(text: string): boolean {
  if (/^[ \t]|[ \t]$/.test(text)) return false;
  if (/^(---|\.\.\.)/.test(text)) return false;
  if (/^[#,[\]{}&*!|>'"%@`]/.test(text)) return false;
  if (/^[-?](\s|$)/.test(text)) return false;
  return !/:(\s|$)|\s#/.test(text);
}

function literal(text: string, depth: number): string {
  const hint = /^[ \n]/.test(text) ? "2" : "";
  const chomp = !text.endsWith("\n") ? "-" : text.endsWith("\n\n") || text === "\n" ? "+" : "";
  const indent = "  ".repeat(depth + 1);
  const body = text.endsWith("\n") ? text.slice(0, -1) : text;
  const lines = body.split("\n").map((line) => (line === "" ? "" : indent + line));
  return [`|${hint}${chomp}`, ...lines].join("\n");
}

const escapes: ReadonlyMap<string, string> = new Map([
  ["\0", "\\0"],
  ["\x07", "\\a"],
  ["\b", "\\b"],
  ["\t", "\\t"],
  ["\n", "\\n"],
  ["\v", "\\v"],
  ["\f", "\\f"],
  ["\r", "\\r"],
  ["\x1b", "\\e"],
  ['"', '\\"'],
  ["\\", "\\\\"],
  ["\x85", "\\N"],
]);

function doubleQuoted(text: string): string {
  const content = [...text].map((char) => {
    const known = escapes.get(char);
    if (known !== undefined) return known;
    return special.test(char) ? codePoint(char.codePointAt(0) ?? 0) : char;
  });
  return `"${content.join("")}"`;
}

function codePoint(code: number): string {
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}
