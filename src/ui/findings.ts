import { type Diagnostic, type Note, placeOf, type Span } from "../errors.ts";

/** A place in a file: lines and columns from 1, columns in UTF-16 units; the end is the place behind the last character. */
export interface Location {
  /** Absolute, or `-` for standard input. */
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** A finding as data for editors and CI. */
export interface Finding {
  readonly severity: "error" | "warning";
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  /** Absent where no file is at fault. */
  readonly location?: Location;
  readonly notes?: readonly { readonly message: string; readonly location?: Location }[];
}

/** Diagnostics as data, in their order. */
export function plainFindings(diagnostics: readonly Diagnostic[]): readonly Finding[] {
  return diagnostics.map(({ severity, code, message, hint, span, notes }) => ({
    severity,
    code,
    message,
    ...(hint !== undefined && { hint }),
    ...(span && { location: locationOf(span) }),
    ...(notes && { notes: notes.map(plainNote) }),
  }));
}

function plainNote({ message, span }: Note) {
  return { message, ...(span && { location: locationOf(span) }) };
}

function locationOf({ source, start, end }: Span): Location {
  const [from, to] = [placeOf(source.text, start), placeOf(source.text, end)];
  return { path: source.path, line: from.line, column: from.column, endLine: to.line, endColumn: to.column };
}
