import type { LoadOptions } from "../compose/load.ts";
import { load } from "../compose/load.ts";
import { type Diagnostic, exitCodes, ProjectError } from "../errors.ts";
import { renderDiagnostics } from "../ui/diagnostics.ts";
import { plainFindings } from "../ui/findings.ts";
import type { Globals } from "./global-flags.ts";
import { loadOptions } from "./project.ts";
import { styleOf } from "./screen.ts";

/**
 * What `config --diagnostics` prints instead of the project: every finding, warnings too, as text or as JSON data for
 * editors and CI; and the exit code that the errors among them mean.
 */
export async function describeFindings(
  flags: Globals,
  options: Partial<LoadOptions>,
  asJson: boolean,
): Promise<{ text: () => string; data: () => object; exitCode: number }> {
  const found = await findAll({ ...loadOptions(flags), ...options });
  const view = { style: styleOf(process.stdout, flags), directory: process.cwd() };
  const text = () => (asJson ? `${JSON.stringify(plainFindings(found), null, 2)}\n` : renderDiagnostics(found, view));
  const isFaulty = found.some(({ severity }) => severity === "error");
  const data = () => ({ diagnostics: plainFindings(found) });
  return { text, data, exitCode: isFaulty ? exitCodes.failure : exitCodes.ok };
}

async function findAll(options: LoadOptions): Promise<readonly Diagnostic[]> {
  try {
    return (await load(options)).warnings;
  } catch (error) {
    if (error instanceof ProjectError) return error.diagnostics;
    throw error;
  }
}
