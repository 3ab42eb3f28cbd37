import { type Diagnostic, ProjectError } from "../errors.ts";

/** Collects what is found during one run. */
export interface Findings {
  readonly add: (diagnostic: Diagnostic) => void;
  /** Ordered by file (in the order of first mention) and place; each once. */
  readonly sorted: () => readonly Diagnostic[];
  /** @throws ProjectError with everything found so far, when any of it is an error */
  readonly throwIfAny: () => void;
}

/** @param files paths in the order in which their findings are to be told; other files come behind them */
export function findings(files: readonly string[]): Findings {
  const all = new Map<string, Diagnostic>();
  const order = new Map(files.map((path, index) => [path, index]));

  const add = (diagnostic: Diagnostic) => {
    const { span } = diagnostic;
    if (span !== undefined && !order.has(span.source.path)) order.set(span.source.path, order.size);
    // A file that is read twice (extended by two services, say) has its faults once.
    const place = span === undefined ? "" : `${span.source.path}:${span.start}:${span.end}`;
    const key = `${place}:${diagnostic.code}:${diagnostic.message}`;
    if (!all.has(key)) all.set(key, diagnostic);
  };
  const fileRank = ({ span }: Diagnostic) => (span === undefined ? -1 : (order.get(span.source.path) ?? order.size));
  const sorted = () =>
    [...all.values()].sort((a, b) => fileRank(a) - fileRank(b) || (a.span?.start ?? 0) - (b.span?.start ?? 0));
  const throwIfAny = () => {
    const found = sorted();
    if (found.some(({ severity }) => severity === "error")) throw new ProjectError(found);
  };
  return { add, sorted, throwIfAny };
}
