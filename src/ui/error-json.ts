import { exitCodes, GantryError, InterruptedError, ProjectError, UsageError } from "../errors.ts";
import type { StepError } from "../reconcile/step-error.ts";
import { type Finding, plainFindings } from "./findings.ts";

/** An error as data; the same fields as a finding, and what only some errors have. */
export interface PlainError extends Finding {
  /** The engine's HTTP status, where the engine has answered. */
  readonly status?: number;
  /** Output that explains the failure: a health check's last answer, the last lines of a log. */
  readonly evidence?: readonly { readonly title: string; readonly lines: readonly string[] }[];
  /** Of a bug of ours. */
  readonly stack?: string;
}

/**
 * What `reportError` says, as data: every finding of a ProjectError, each error of an AggregateError. The code of an error
 * that is no finding is `usage`, `engine`, `failed`, `interrupted` or `bug`.
 */
export function plainErrors(error: unknown): { readonly exitCode: number; readonly errors: readonly PlainError[] } {
  if (error instanceof AggregateError) {
    const each = error.errors.map(plainErrors);
    return {
      exitCode: Math.max(exitCodes.failure, ...each.map(({ exitCode }) => exitCode)),
      errors: each.flatMap(({ errors }) => errors),
    };
  }
  if (error instanceof ProjectError) return { exitCode: error.exitCode, errors: plainFindings(error.diagnostics) };
  const severity = "error";
  if (!(error instanceof GantryError)) {
    const [message, stack] = error instanceof Error ? [error.message, error.stack] : [String(error), undefined];
    return {
      exitCode: exitCodes.bug,
      errors: [{ severity, code: "bug", message, ...(stack !== undefined && { stack }) }],
    };
  }
  const { message, hint } = error;
  return {
    exitCode: error.exitCode,
    errors: [{ severity, code: codeOf(error), message, ...(hint !== undefined && { hint }), ...detailsOf(error) }],
  };
}

/** By the name, which errors of the bundle's parts share; what was interrupted may be an error of any kind. */
function codeOf(error: GantryError): string {
  if (error instanceof InterruptedError || error.exitCode === exitCodes.interrupted) return "interrupted";
  if (error instanceof UsageError) return "usage";
  return error.name === "EngineError" ? "engine" : "failed";
}

function detailsOf(error: GantryError): Pick<PlainError, "status" | "evidence"> {
  const { evidence = [] } = error.name === "StepError" ? (error as StepError) : {};
  return {
    ...("status" in error && typeof error.status === "number" && { status: error.status }),
    ...(evidence.length > 0 && { evidence }),
  };
}
