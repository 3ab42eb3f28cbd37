import { statSync } from "node:fs";
import { delimiter, dirname, resolve } from "node:path";
import { type Diagnostic, ProjectError } from "../errors.ts";
import { problem } from "./codes.ts";
import { discover, splitComposeFile } from "./discover.ts";
import { defaultEnvFile, fillIn, givenEnvFiles, readEnvFiles } from "./environment.ts";
import { type FetchRemote, isRemote, type LocateRemote } from "./remote.ts";

/** What the command line says about which project is meant. */
export interface InputFlags {
  /** Absolute. */
  readonly cwd: string;
  readonly environment: ReadonlyMap<string, string>;
  readonly files?: readonly string[];
  readonly projectDirectory?: string;
  readonly envFiles?: readonly string[];
  /** Fetches remote files (git, OCI); absent: they are refused. */
  readonly fetchRemote?: FetchRemote;
}

/** The files of a project, its directory and its environment, before anything of it is read. */
export interface Inputs {
  /** Absolute paths, or `-`. */
  readonly files: readonly string[];
  readonly projectDirectory: string;
  /** The directory that gives the project its name: where the user is, when the first file is remote. */
  readonly nameDirectory: string;
  readonly environment: ReadonlyMap<string, string>;
  /** The env files that were given, not the default ones. */
  readonly envFiles: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Finds the compose files: -f, else COMPOSE_FILE, else by their usual names in the directory and its parents; and the
 * environment: the process's own, then the given env files, or else `.env` of the directory known at first and of the
 * project's directory.
 * Source: compose-go cli/options.go, in docker compose's order.
 *
 * @throws ProjectError when there is no compose file
 */
export async function findInputs(flags: InputFlags, locateRemote: LocateRemote): Promise<Inputs> {
  const { cwd } = flags;
  const directory = flags.projectDirectory === undefined ? undefined : resolve(cwd, flags.projectDirectory);
  const diagnostics: Diagnostic[] = [];
  const given = givenEnvFiles(flags.envFiles, flags.environment, cwd);
  let environment = flags.environment.has("PWD") ? flags.environment : new Map([...flags.environment, ["PWD", cwd]]);

  const read = async (paths: readonly string[]) => {
    const { entries, diagnostics: found } = await readEnvFiles(paths, environment);
    diagnostics.push(...found);
    environment = fillIn(environment, entries);
  };
  const readDefault = async (from: string, except?: string) => {
    const path = from === except ? undefined : defaultEnvFile(from, flags.environment);
    if (path !== undefined) await read([path]);
  };

  const flagFiles = flags.files?.map((file) => (file === "-" || isRemote(file) ? file : resolve(cwd, file)));
  const first = directory ?? directoryOf(flagFiles) ?? cwd;
  if (given.length > 0) await read(given);
  else await readDefault(first);
  const files = flagFiles !== undefined && flagFiles.length > 0 ? flagFiles : fromVariable(environment, cwd);
  const found = files === undefined ? discover(directory ?? cwd) : { paths: files, warnings: [] };
  diagnostics.push(...found.warnings);
  if (found.paths.length === 0) {
    const hint = `there is no compose.yaml in ${directory ?? cwd} or above it; name one with -f`;
    const message = "no configuration file provided: not found";
    throw new ProjectError([problem("no-compose-file", message, undefined, hint)]);
  }
  const nameDirectory = directory ?? directoryOf(found.paths) ?? cwd;
  if (given.length === 0) await readDefault(nameDirectory, first);
  const paths: string[] = [];
  for (const path of found.paths) {
    const located = await locateRemote(path, undefined, (diagnostic) => diagnostics.push(diagnostic));
    if (located === undefined) paths.push(path);
    else if (located.path !== undefined) paths.push(located.path);
  }
  if (paths.length === 0) throw new ProjectError(diagnostics);
  const projectDirectory = directory ?? directoryOf(paths) ?? cwd;
  return { files: paths, projectDirectory, nameDirectory, environment, envFiles: given, diagnostics };
}

function fromVariable(environment: ReadonlyMap<string, string>, cwd: string): readonly string[] | undefined {
  const value = environment.get("COMPOSE_FILE");
  if (value === undefined || value === "") return undefined;
  return splitComposeFile(value, environment.get("COMPOSE_PATH_SEPARATOR") || delimiter, cwd);
}

/** The directory of the first file that has one; a directory given as a file is itself, and a remote file has none. */
function directoryOf(files: readonly string[] | undefined): string | undefined {
  const first = files?.find((file) => file !== "-");
  if (first === undefined || isRemote(first)) return undefined;
  return statSync(first, { throwIfNoEntry: false })?.isDirectory() ? first : dirname(first);
}
