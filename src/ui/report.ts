import { exitCodes, GantryError, ProjectError } from "../errors.ts";
import type { StepError } from "../reconcile/step-error.ts";
import { type DiagnosticView, renderDiagnostics } from "./diagnostics.ts";

/** What to say about an error, and the exit code that goes with it. */
export interface Report {
  readonly text: string;
  readonly exitCode: number;
}

const issues = "the project's issue tracker";

/**
 * An error as the user sees it: the diagnostics of a ProjectError, the message and hint of any other GantryError, each of
 * an AggregateError. Anything else is a bug of ours and is shown with its stack. The text ends with a line feed, or is
 * empty.
 */
export function reportError(error: unknown, view: DiagnosticView): Report {
  if (error instanceof AggregateError) return reportAll(error.errors, view);
  if (error instanceof ProjectError) {
    return { text: renderDiagnostics(error.diagnostics, view), exitCode: error.exitCode };
  }
  if (error instanceof GantryError) {
    if (error.exitCode === exitCodes.interrupted) return { text: "", exitCode: error.exitCode };
    return { text: messageText(error, view), exitCode: error.exitCode };
  }
  return { text: bugText(error, view), exitCode: exitCodes.bug };
}

function reportAll(errors: readonly unknown[], view: DiagnosticView): Report {
  const reports = errors.map((error) => reportError(error, view));
  return {
    text: reports.map(({ text }) => text).join(""),
    exitCode: Math.max(exitCodes.failure, ...reports.map(({ exitCode }) => exitCode)),
  };
}

function messageText(error: GantryError, { style }: DiagnosticView): string {
  const hint = error.hint === undefined ? "" : `  ${error.hint.replaceAll("\n", "\n  ")}\n`;
  const evidence = evidenceOf(error).map(
    ({ title, lines }) => `  ${style("cyan", `${title}:`)}\n${lines.map((line) => `    ${line}\n`).join("")}`,
  );
  return `${style(["bold", "red"], "error:")} ${error.message}\n${hint}${evidence.join("")}`;
}

/** What a failed step has to show: a StepError's evidence. */
function evidenceOf(error: GantryError): StepError["evidence"] {
  return error.name === "StepError" && "evidence" in error ? (error as StepError).evidence : [];
}

function bugText(error: unknown, { style }: DiagnosticView): string {
  const what = error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error);
  return `${style(["bold", "red"], "gantry has a bug:")} ${what}\nPlease report it, with what you did, at ${issues}.\n`;
}
