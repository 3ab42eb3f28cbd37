import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Diagnostic, ProjectError } from "../errors.ts";
import { problem } from "./codes.ts";
import { parseDotenv } from "./dotenv.ts";
import { readSource } from "./source.ts";

const bools: ReadonlyMap<string, boolean> = new Map([
  ...["1", "t", "T", "TRUE", "true", "True"].map((text) => [text, true] as const),
  ...["0", "f", "F", "FALSE", "false", "False"].map((text) => [text, false] as const),
]);

/**
 * The env files of a project: those given by --env-file or COMPOSE_ENV_FILES, else none (`.env` is looked up by
 * directory instead).
 *
 * @returns absolute paths
 */
export function givenEnvFiles(
  flags: readonly string[] | undefined,
  environment: ReadonlyMap<string, string>,
  cwd: string,
): readonly string[] {
  const listed = environment.get("COMPOSE_ENV_FILES")?.split(",") ?? [];
  const files = flags !== undefined && flags.length > 0 ? flags : listed.filter((file) => file.trim() !== "");
  return files.map((file) => resolve(cwd, file.trim()));
}

/**
 * The default env file of a directory, if it is there and COMPOSE_DISABLE_ENV_FILE does not forbid it.
 *
 * @throws ProjectError when COMPOSE_DISABLE_ENV_FILE is no boolean
 */
export function defaultEnvFile(directory: string, environment: ReadonlyMap<string, string>): string | undefined {
  const disabled = environment.get("COMPOSE_DISABLE_ENV_FILE");
  if (disabled !== undefined && disabled !== "") {
    const value = bools.get(disabled);
    if (value === undefined) {
      const message = `COMPOSE_DISABLE_ENV_FILE is "${disabled}", which is no boolean`;
      throw new ProjectError([problem("invalid-setting", message, undefined, "set it to true or false")]);
    }
    if (value) return undefined;
  }
  const path = join(directory, ".env");
  return statSync(path, { throwIfNoEntry: false })?.isFile() ? path : undefined;
}

/**
 * Reads env files in order, a later one wins, and returns what they set. Variables in them see `environment` first, then what
 * was read before.
 */
export async function readEnvFiles(
  paths: readonly string[],
  environment: ReadonlyMap<string, string>,
): Promise<{ entries: ReadonlyMap<string, string>; diagnostics: readonly Diagnostic[] }> {
  const entries = new Map<string, string>();
  const diagnostics: Diagnostic[] = [];
  for (const path of paths) {
    const read = await readSource(path);
    if (read.source === undefined) {
      const isMissing = statSync(path, { throwIfNoEntry: false }) === undefined;
      diagnostics.push(isMissing ? { ...read.problem, message: `couldn't find env file: ${path}` } : read.problem);
      continue;
    }
    const parsed = parseDotenv(read.source, (name) => environment.get(name) ?? entries.get(name));
    diagnostics.push(...parsed.diagnostics);
    for (const [name, value] of parsed.entries) entries.set(name, value);
  }
  return { entries, diagnostics };
}

/** The environment, with what is not set in it filled in. */
export function fillIn(
  environment: ReadonlyMap<string, string>,
  more: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  return new Map([...more, ...environment]);
}
