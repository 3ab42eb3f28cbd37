/** What is wrong with a Dockerfile, and where. */

import { EngineError, placeOf, type Span } from "../../../errors.ts";

/** Something is wrong with a Dockerfile, at a place that clients may want to show. */
export class DockerfileError extends EngineError {
  readonly span: Span;
  constructor(message: string, span: Span) {
    super(message, { status: 400 });
    this.span = span;
  }
}

/** EngineError 400: `Dockerfile:3: unknown instruction: FORM (did you mean FROM?)`. */
export function complain(span: Span, message: string, hint?: string): DockerfileError {
  const { line } = placeOf(span.source.text, span.start);
  const text = `${span.source.path}:${line}: ${message}${hint === undefined ? "" : ` (${hint})`}`;
  return new DockerfileError(text, span);
}

/** A refusal that says where it was met: what came from elsewhere has no place of its own. */
export function placed(error: EngineError, span: Span, keyword: string): EngineError {
  if (error instanceof DockerfileError) return error;
  const { line } = placeOf(span.source.text, span.start);
  const { status, cause } = error;
  const message = `${span.source.path}:${line}: ${keyword}: ${error.message}`;
  return new EngineError(message, { cause, ...(status !== undefined && { status }) });
}

/** `did you mean FROM?`, where one of the known words is near enough. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  const near = known
    .map((name) => ({ name, distance: distanceOf(word.toLowerCase(), name.toLowerCase()) }))
    .filter(({ distance }) => distance <= Math.max(1, Math.floor(word.length / 3)))
    .sort((a, b) => a.distance - b.distance)[0];
  return near === undefined ? undefined : `did you mean ${near.name}?`;
}

/** Single letters to add, drop, change or swap with a neighbour (Damerau and Levenshtein). */
function distanceOf(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const cell = (i: number, j: number) => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(cell(i - 1, j) + 1, cell(i, j - 1) + 1, cell(i - 1, j - 1) + change);
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, cell(i - 2, j - 2) + 1);
      row.push(least);
    }
  }
  return cell(a.length, b.length);
}
