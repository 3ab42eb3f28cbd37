import { GantryError } from "../errors.ts";

/** Output that explains a failure: a health check's last answer, the last lines of a log or a build. */
export interface Evidence {
  readonly title: string;
  readonly lines: readonly string[];
}

/** A step failed, and there is something to show for it. */
export class StepError extends GantryError {
  override readonly name = "StepError";
  readonly evidence: readonly Evidence[];
  constructor(message: string, evidence: readonly Evidence[], options: { hint?: string; cause?: unknown } = {}) {
    super(message, options);
    this.evidence = evidence.filter(({ lines }) => lines.length > 0);
  }
}
