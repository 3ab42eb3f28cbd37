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
  const missing = /^Missing \d+ required args?:\n([\s\S]*?)(?:\n\n|$)/.exec(text)?.[1];
  if (missing !== undefined) return `missing: ${argumentNames(missing).join(", ")}`;
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** The names in oclif's list, which says after each what it is. */
function argumentNames(list: string): string[] {
  return list.split("\n").map((line) => (line.trim().split(/\s/)[0] ?? "").toUpperCase());
}

/** What oclif's parser throws: a CLIError bears `oclif`, an error of a flag's own `parse` is wrapped in one. */
function isOclifs(error: Error): boolean {
  return "oclif" in error || "parse" in error;
}
