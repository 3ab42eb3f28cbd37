/**
 * Everything that gantry says about what went wrong: diagnostics with a place in a file, and the few error classes.
 * This module imports nothing of ours; every part may import it.
 */

/** A text that was read: a compose file, an env file, standard input. `path` is absolute, or `-` for standard input. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** A place in a source: UTF-16 offsets into `source.text`, `start` inclusive, `end` exclusive. */
export interface Span {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

/** Line and column as editors count them: both from 1; the column counts UTF-16 units. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** The line and column of an offset in a text. Offsets beyond the end give the place behind the last character. */
export function placeOf(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  let line = 1;
  for (let i = before.indexOf("\n"); i !== -1; i = before.indexOf("\n", i + 1)) line++;
  return { line, column: offset - lineStart + 1 };
}

export type Severity = "error" | "warning";

/** One finding. `code` is a member of the finder's closed union, kebab-case (docs/errors.md lists them all). */
export interface Diagnostic<Code extends string = string> {
  readonly severity: Severity;
  readonly code: Code;
  /** One sentence, no full stop: what is wrong, in the field's words. */
  readonly message: string;
  readonly span?: Span;
  /** What was expected, or what to do: `did you mean "db"?` */
  readonly hint?: string;
  /** Other places that matter, e.g. where an extended service came from. */
  readonly notes?: readonly Note[];
}

export interface Note {
  readonly message: string;
  readonly span?: Span;
}

/** Exit codes of the executable (docs/architecture.md). `run`, `exec` and the like pass a container's own code on. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  changes: 2,
  bug: 70,
  notExecutable: 126,
  interrupted: 130,
  brokenPipe: 141,
} as const;

/** The base of every error that a user can cause: printed as its message, never with a stack trace. */
export class GantryError extends Error {
  override readonly name: string = "GantryError";
  readonly exitCode: number;
  readonly hint: string | undefined;
  constructor(message: string, options: { exitCode?: number; hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = options.exitCode ?? exitCodes.failure;
    this.hint = options.hint;
  }
}

/** The project's files are at fault: holds every diagnostic of the run, ordered by file and place. */
export class ProjectError extends GantryError {
  override readonly name = "ProjectError";
  readonly diagnostics: readonly Diagnostic[];
  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics[0]?.message ?? "the project could not be loaded");
    this.diagnostics = diagnostics;
  }
}

/** A flag or an argument is at fault. */
export class UsageError extends GantryError {
  override readonly name = "UsageError";
}

/** The engine answered with an error, or did not answer. `status` is the HTTP status, absent when there was no answer. */
export class EngineError extends GantryError {
  override readonly name = "EngineError";
  readonly status: number | undefined;
  constructor(message: string, options: { status?: number; exitCode?: number; hint?: string; cause?: unknown } = {}) {
    super(message, options);
    this.status = options.status;
  }
}

/** The user interrupted (Ctrl-C, SIGTERM). */
export class InterruptedError extends GantryError {
  override readonly name = "InterruptedError";
  constructor(message = "interrupted") {
    super(message, { exitCode: exitCodes.interrupted });
  }
}
