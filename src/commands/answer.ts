import { UsageError } from "../errors.ts";
import { envelope } from "../ui/envelope.ts";
import { plainErrors } from "../ui/error-json.ts";
import { plainFindings } from "../ui/findings.ts";
import { keptWarnings } from "./warnings.ts";

/** What a verb has found or done, as data for `--json`, and its exit code; a number is an exit code alone. */
export type Answer = number | { readonly exitCode?: number; readonly data: object };

/** The last line of `--json`: the command, its exit code, its data, and the warnings of the run if there are any. */
export function resultLine(command: string, answer: Answer): string {
  const { exitCode = 0, data = {} } = typeof answer === "number" ? { exitCode: answer } : answer;
  return envelope("result", { command, exitCode, ...data, ...warningsOfRun() });
}

/** The same where it ends with an error; `command` is absent where the command line names none. */
export function errorLine(command: string | undefined, error: unknown): { text: string; exitCode: number } {
  const { exitCode, errors } = plainErrors(error);
  const named = command !== undefined && { command };
  return { text: envelope("error", { ...named, exitCode, errors, ...warningsOfRun() }), exitCode };
}

/** What `--dry-run` says of a verb that has no plan: a line for each thing that would be done. */
export function dryRun(wouldDo: string | readonly string[], { json }: { readonly json?: boolean }) {
  const lines = typeof wouldDo === "string" ? [wouldDo] : wouldDo;
  if (!json) process.stdout.write(lines.map((line) => `${line}\n`).join(""));
  return { data: { wouldDo: lines } };
}

/** Throws UsageError where bytes are to go to stdout, which `--json` has for itself. */
export function refuseBytes(isToStdout: boolean): void {
  if (isToStdout)
    throw new UsageError("--json and a tar on standard output do not go together", { hint: "name a file" });
}

/** The exit code of an answer. */
export function exitCodeOf(answer: Answer): number {
  return typeof answer === "number" ? answer : (answer.exitCode ?? 0);
}

function warningsOfRun() {
  const warnings = keptWarnings();
  return warnings.length > 0 && { warnings: plainFindings(warnings) };
}
