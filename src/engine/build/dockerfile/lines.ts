/**
 * A Dockerfile as logical lines: directives read, comments dropped, continued lines joined, here-documents gathered.
 * Source: https://docs.docker.com/reference/dockerfile/ "Format", "Parser directives", "Here-Documents".
 */

import type { Source, Span } from "../../../errors.ts";
import { complain } from "./complain.ts";
import { type Heredoc, heredocsOf, mayHoldHeredocs } from "./heredoc.ts";

export interface LogicalLine {
  /** Continuations joined, without the characters that continue them. */
  readonly text: string;
  /** From its first character to the end of its last line or here-document. */
  readonly span: Span;
  readonly heredocs: readonly Heredoc[];
}

export interface Directives {
  /** What continues a line, and takes a character's meaning away. */
  readonly escapeWith: "\\" | "`";
  readonly syntax?: string;
  readonly check?: string;
}

export interface Lines {
  readonly directives: Directives;
  readonly lines: readonly LogicalLine[];
}

/** EngineError 400 for a directive given twice or with a bad value, and a here-document without an end. */
export function splitLines(source: Source): Lines {
  const cursor = cursorOf(source);
  const directives = readDirectives(cursor);
  const { escapeWith } = directives;
  const lines: LogicalLine[] = [];
  const continued = escapeWith === "\\" ? /(^|[^\\])\\[ \t]*$/ : /(^|[^`])`[ \t]*$/;

  for (let line = cursor.next(); line !== undefined; line = cursor.next()) {
    const start = line.start + (/^\s*/.exec(line.text)?.[0].length ?? 0);
    let part = line.text.trimStart();
    if (part === "" || part.startsWith("#")) continue;
    let text = "";
    let end = line.end;
    for (;;) {
      const more = continued.test(part);
      text += more ? part.replace(continued, "$1") : part;
      if (!more) break;
      const next = nextContinuation(cursor);
      if (next === undefined) break;
      part = next.text;
      end = next.end;
    }
    if (text.trim() === "") continue;
    const spanTo = (to: number): Span => ({ source, start, end: to });
    const heredocs: Heredoc[] = [];
    if (mayHoldHeredocs(text)) {
      for (const opened of heredocsOf(text, escapeWith)) {
        const body = readHeredoc(cursor, opened);
        if (body === undefined) throw complain(spanTo(end), `unterminated here-document: no line is "${opened.name}"`);
        heredocs.push({ ...opened, content: body.content });
        end = body.end;
      }
    }
    lines.push({ text: text.trim(), span: spanTo(end), heredocs });
  }
  return { directives, lines };
}

/** One line of the file, without its line break. */
interface Line {
  readonly text: string;
  /** Offsets of its first character, and behind its last one. */
  readonly start: number;
  readonly end: number;
}

interface Cursor {
  readonly source: Source;
  next(): Line | undefined;
  /** The next line, which stays the next one. */
  peek(): Line | undefined;
}

function cursorOf(source: Source): Cursor {
  const { text } = source;
  let at = text.startsWith("\uFEFF") ? 1 : 0;
  const read = (): { readonly line: Line; readonly behind: number } | undefined => {
    if (at >= text.length) return undefined;
    const newline = text.indexOf("\n", at);
    const stop = newline === -1 ? text.length : newline;
    const end = text[stop - 1] === "\r" && stop > at ? stop - 1 : stop;
    return { line: { text: text.slice(at, end), start: at, end }, behind: stop + 1 };
  };
  return {
    source,
    peek: () => read()?.line,
    next: () => {
      const found = read();
      if (found !== undefined) at = found.behind;
      return found?.line;
    },
  };
}

const directivePattern = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/;

/** Only before anything else, a comment or an empty line included, a comment is a directive. */
function readDirectives(cursor: Cursor): Directives {
  const found = new Map<string, string>();
  for (let line = cursor.peek(); line !== undefined; line = cursor.peek()) {
    const [, name = "", value = ""] = directivePattern.exec(line.text) ?? [];
    const key = name.toLowerCase();
    if (!["escape", "syntax", "check"].includes(key)) break;
    const span = { source: cursor.source, start: line.start, end: line.end };
    if (found.has(key)) throw complain(span, `only one ${key} parser directive can be used`);
    if (key === "escape" && value !== "\\" && value !== "`") {
      throw complain(span, `invalid escape token "${value}": it must be \\ or \``);
    }
    found.set(key, value);
    cursor.next();
  }
  const syntax = found.get("syntax");
  const check = found.get("check");
  return {
    escapeWith: found.get("escape") === "`" ? "`" : "\\",
    ...(syntax !== undefined && { syntax }),
    ...(check !== undefined && { check }),
  };
}

/** Comments and empty lines do not end what is continued. */
function nextContinuation(cursor: Cursor): Line | undefined {
  for (let line = cursor.next(); line !== undefined; line = cursor.next()) {
    const trimmed = line.text.trimStart();
    if (trimmed !== "" && !trimmed.startsWith("#")) return line;
  }
  return undefined;
}

function readHeredoc(
  cursor: Cursor,
  { name, chomp }: Heredoc,
): { readonly content: string; readonly end: number } | undefined {
  let content = "";
  for (let line = cursor.next(); line !== undefined; line = cursor.next()) {
    const text = chomp ? line.text.replace(/^\t+/, "") : line.text;
    if (text === name) return { content, end: line.end };
    content += `${text}\n`;
  }
  return undefined;
}
