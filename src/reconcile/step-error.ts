import { GantryError } from "../errors.ts";

/** Output that explains a failure: a health check's last answer, the last lines of a log or a build. */
export interface Evidence {
  readonly title: string;
  readonly lines: readonly string[];
}

/** The path, within the step's service, of what asks for what the engine cannot do, and the code of that finding. */
export interface Blame {
  readonly path: readonly string[];
  readonly code: string;
}

/** A step failed, and there is something to show for it, or something in the files to blame. */
export class StepError extends GantryError {
  override readonly name = "StepError";
  readonly evidence: readonly Evidence[];
  readonly blame: Blame | undefined;
  constructor(
    message: string,
    evidence: readonly Evidence[],
    options: { hint?: string; cause?: unknown; blame?: Blame } = {},
  ) {
    super(message, options);
    this.evidence = evidence.filter(({ lines }) => lines.length > 0);
    this.blame = options.blame;
  }
}
