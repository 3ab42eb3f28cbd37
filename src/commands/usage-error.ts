import { UsageError } from "../errors.ts";

/** The message of an error that finds the command line at fault, ours or oclif's; undefined for any other error. */
export function usageMessage(error: unknown): string | undefined {
  if (error instanceof UsageError) return error.message;
  if (!(error instanceof Error) || !isOclifs(error)) return undefined;
  const text = error.message
    .replace(/^Parsing --\S* \n\t/, "")
    .replace(/\nSee more help with --help$/, "")
    .replace(/^The following errors? occurred:\s*/, "")
    .replace(/^(--[\w-]+)=true /gm, "$1 ")
    .trim();
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** What oclif's parser throws: a CLIError bears `oclif`, an error of a flag's own `parse` is wrapped in one. */
function isOclifs(error: Error): boolean {
  return "oclif" in error || "parse" in error;
}
