import type { Diagnostic } from "../errors.ts";
import { renderDiagnostics } from "../ui/diagnostics.ts";
import type { Globals } from "./global-flags.ts";
import { styleOf } from "./screen.ts";

/** What this process has been warned of and not told yet: with `--json` its last line tells all of it. */
const untold: Diagnostic[] = [];

/** Prints warnings to stderr, or keeps them for the answer with `--json`. */
export function warn(warnings: readonly Diagnostic[], flags: Globals): void {
  if (flags.json) untold.push(...warnings);
  else if (warnings.length > 0) {
    process.stderr.write(
      renderDiagnostics(warnings, { style: styleOf(process.stderr, flags), directory: process.cwd() }),
    );
  }
}

/** The warnings that were kept, each once. */
export function keptWarnings(): readonly Diagnostic[] {
  return untold.splice(0);
}
