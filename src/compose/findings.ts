import { type Diagnostic, type Note, ProjectError, type Span } from "../errors.ts";
import type { Code } from "./codes.ts";

/** More errors, or more warnings, than this are counted, not kept. */
const limit = 100;

/** Collects what is found during one run. */
export interface Findings {
  readonly add: (diagnostic: Diagnostic) => void;
  /** Says why a file is read: the place that includes or extends it. The first reason counts. */
  readonly explain: (path: string, reason: Note) => void;
  /** Everything that was found, each once, ordered by file (in the order of first mention) and place. */
  readonly sorted: () => readonly Diagnostic[];
  readonly errors: () => readonly Diagnostic[];
  /** @throws ProjectError with everything found so far, when any of it is an error */
  readonly throwIfAny: () => void;
}

/** @param files the project's own files, in the order in which their findings are to be told; other files come behind them */
export function findings(files: readonly string[]): Findings {
  const all = new Map<string, Diagnostic>();
  const order = new Map(files.map((path, index) => [path, index]));
  const reasons = new Map<string, Note>();
  const counts = { error: 0, warning: 0 };

  const add = (diagnostic: Diagnostic) => {
    const { severity, span, code, message } = diagnostic;
    if (span !== undefined && !order.has(span.source.path)) order.set(span.source.path, order.size);
    // A fault behind an anchor, or in what two services extend, is one fault however often it is met.
    const key = span === undefined ? `${code}:${message}` : `${span.source.path}:${span.start}:${span.end}:${code}`;
    if (all.has(key)) return;
    counts[severity]++;
    if (counts[severity] <= limit) all.set(key, diagnostic);
  };
  const explain = (path: string, reason: Note) => {
    if (!files.includes(path) && !reasons.has(path)) reasons.set(path, reason);
  };
  const rank = (span: Span | undefined) => (span === undefined ? -1 : (order.get(span.source.path) ?? order.size));
  const sorted = () => {
    const kept = [...all.values()]
      .sort((a, b) => rank(a.span) - rank(b.span) || (a.span?.start ?? 0) - (b.span?.start ?? 0))
      .map((diagnostic) => withReasons(diagnostic, reasons));
    const leftOut = (["error", "warning"] as const).flatMap((severity): Diagnostic<Code>[] => {
      const more = counts[severity] - limit;
      if (more <= 0) return [];
      return [{ severity, code: "too-many-findings", message: `${more} more ${severity}s are not shown` }];
    });
    return [...kept, ...leftOut];
  };
  const errors = () => sorted().filter(({ severity }) => severity === "error");
  const throwIfAny = () => {
    if (errors().length > 0) throw new ProjectError(sorted());
  };
  return { add, explain, sorted, errors, throwIfAny };
}

/** The finding with a note for each step that leads from the project's own files to the file at fault. */
function withReasons(diagnostic: Diagnostic, reasons: ReadonlyMap<string, Note>): Diagnostic {
  const notes: Note[] = [];
  let reason = reasons.get(diagnostic.span?.source.path ?? "");
  while (reason !== undefined && !notes.includes(reason)) {
    notes.push(reason);
    reason = reasons.get(reason.span?.source.path ?? "");
  }
  return notes.length === 0 ? diagnostic : { ...diagnostic, notes: [...(diagnostic.notes ?? []), ...notes] };
}
