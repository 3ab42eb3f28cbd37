import { isAbsolute, relative } from "node:path";
import { type Diagnostic, placeOf, type Span } from "../errors.ts";
import type { Style } from "./style.ts";

export interface DiagnosticView {
  readonly style: Style;
  /** Files below this directory are named relative to it. Absolute. */
  readonly directory: string;
}

/** Longer lines are shown as the part around the place. */
const widestLine = 160;

/**
 * Diagnostics as text, in the order given: `file:line:col: error: message [code]`, the line with carets below the place,
 * the hint, and the notes with places of their own. Ends with a line feed.
 */
export function renderDiagnostics(diagnostics: readonly Diagnostic[], view: DiagnosticView): string {
  return diagnostics.map((diagnostic) => renderDiagnostic(diagnostic, view)).join("");
}

function renderDiagnostic(diagnostic: Diagnostic, view: DiagnosticView): string {
  const { style } = view;
  const severity = style(["bold", diagnostic.severity === "error" ? "red" : "yellow"], `${diagnostic.severity}:`);
  const place = diagnostic.span === undefined ? "" : `${style("bold", `${placeName(diagnostic.span, view)}:`)} `;
  const lines = [`${place}${severity} ${diagnostic.message} ${style("dim", `[${diagnostic.code}]`)}`];
  if (diagnostic.span !== undefined) lines.push(...excerpt(diagnostic.span, diagnostic.hint, style));
  else if (diagnostic.hint !== undefined) lines.push(`  ${diagnostic.hint}`);
  for (const note of diagnostic.notes ?? []) {
    const where = note.span === undefined ? "" : `${placeName(note.span, view)}: `;
    lines.push(`  ${where}${style("cyan", "note:")} ${note.message}`);
  }
  return `${lines.join("\n")}\n`;
}

function placeName(span: Span, view: DiagnosticView): string {
  const { line, column } = placeOf(span.source.text, span.start);
  return `${fileName(span.source.path, view.directory)}:${line}:${column}`;
}

function fileName(path: string, directory: string): string {
  if (path === "-") return "<stdin>";
  if (!isAbsolute(path)) return path;
  const name = relative(directory, path);
  return name.startsWith("..") || isAbsolute(name) || name === "" ? path : name;
}

function excerpt(span: Span, hint: string | undefined, style: Style): string[] {
  const { text } = span.source;
  const { line, column } = placeOf(text, span.start);
  const lineStart = span.start - (column - 1);
  const lineEnd = endOfLine(text, lineStart);
  const whole = text.slice(lineStart, lineEnd);
  if (whole.trim() === "") return hint === undefined ? [] : [`  ${hint}`];
  const from = whole.length > widestLine ? Math.max(0, Math.min(column - 1 - 60, whole.length - widestLine)) : 0;
  const shown = whole.slice(from, from + widestLine);
  const gutter = String(line);
  const before = shown.slice(0, column - 1 - from).replace(/[^\t]/g, " ");
  const end = Math.min(span.end, lineEnd, lineStart + from + widestLine);
  const carets = "^".repeat(Math.max(1, end - span.start));
  const remark = hint === undefined ? "" : ` ${hint}`;
  return [
    `${style("dim", `${gutter} |`)} ${shown}`,
    `${style("dim", `${" ".repeat(gutter.length)} |`)} ${before}${style("red", carets)}${remark}`,
  ];
}

function endOfLine(text: string, from: number): number {
  const feed = text.indexOf("\n", from);
  const end = feed === -1 ? text.length : feed;
  return end > from && text[end - 1] === "\r" ? end - 1 : end;
}
