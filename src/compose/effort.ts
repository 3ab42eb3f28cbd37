import type { Diagnostic, Span } from "../errors.ts";
import { problem } from "./codes.ts";

/** Far more than a project has, far less than a machine can bear: a thousand services have about 50,000 nodes. */
const nodeLimit = 500_000;
const fileLimit = 1000;

/** Bounds what one project may cost, however small the files are that ask for it: they can include and extend each other. */
export interface Effort {
  /** Counts nodes that a stage is about to work through. False when there are too many, which is reported once. */
  readonly spend: (nodes: number, span: Span | undefined) => boolean;
  /** Counts a file that is about to be read. False when there are too many, which is reported once. */
  readonly open: (span: Span | undefined) => boolean;
}

/** The effort of one run. */
export function effort(report: (diagnostic: Diagnostic) => void): Effort {
  const meter = (limit: number, exhausted: (span: Span | undefined) => Diagnostic) => {
    let spent = 0;
    let told = false;
    return (amount: number, span: Span | undefined) => {
      spent += amount;
      if (spent > limit && !told) {
        told = true;
        report(exhausted(span));
      }
      return spent <= limit;
    };
  };
  const nodes = meter(nodeLimit, (span) => {
    const message = `the project makes more than ${nodeLimit} nodes of its files`;
    return problem("too-many-nodes", message, span, "extend and include less");
  });
  const files = meter(fileLimit, (span) => {
    const message = `the project reads more than ${fileLimit} files`;
    return problem("too-many-files", message, span, "include each file once");
  });
  return { spend: nodes, open: (span) => files(1, span) };
}
