import { statSync } from "node:fs";
import { isolate } from "../compose/isolate.ts";
import { type Loaded, type LoadedDocument, type LoadOptions, load, loadDocument } from "../compose/load.ts";
import type { ProjectModel } from "../compose/model.ts";
import { pruneResources, select } from "../compose/select.ts";
import type { Globals } from "./global-flags.ts";
import { isolatedName, isolationOf } from "./isolation.ts";
import { processEnvironment } from "./process-environment.ts";
import { isTrue } from "./screen.ts";
import { warn } from "./warnings.ts";

/** What the global flags say about the project, as the loader takes it. */
export function loadOptions(flags: Globals): LoadOptions {
  const copy = isolationOf(flags);
  return {
    cwd: workingDirectory(),
    environment: processEnvironment(),
    readStdin: readAll,
    fetchRemote: async (reference) => (await import("./remote/fetch.ts")).fetchRemote(reference, flags),
    ...(flags.file !== undefined && { files: flags.file }),
    ...(flags["env-file"] !== undefined && { envFiles: flags["env-file"] }),
    ...(flags.profile !== undefined && { profiles: flags.profile }),
    ...(flags["project-name"] !== undefined && { projectName: flags["project-name"] }),
    ...(copy !== undefined && { copy }),
    ...(flags["project-directory"] !== undefined && { projectDirectory: flags["project-directory"] }),
  };
}

export interface Choice {
  /** Names of services; none means all. */
  readonly services?: readonly string[] | undefined;
  /** Also what the named services depend on. */
  readonly dependencies: boolean;
}

/**
 * Loads the project that the flags mean, with the chosen services only, and without the resources that none of them uses
 * unless `--all-resources`. Tells warnings.
 */
export async function loadProject(flags: Globals, { services = [], dependencies }: Choice): Promise<ProjectModel> {
  const { project } = await loadAll(flags, { services });
  const chosen = select(project, services, { dependencies });
  return flags["all-resources"] ? chosen : pruneResources(chosen);
}

/** Loads the project, every enabled service of it. Tells warnings. */
export async function loadAll(flags: Globals, options: Partial<LoadOptions> = {}): Promise<Loaded> {
  const settings = { ...loadOptions(flags), ...options };
  const found = await load(settings);
  warn(found.warnings, flags);
  const loaded = settings.copy === undefined ? found : { ...found, project: isolate(found.project, settings.copy) };
  if (!flags.compatibility && !isTrue(loaded.project.environment.get("COMPOSE_COMPATIBILITY"))) return loaded;
  return { ...loaded, project: { ...loaded.project, separator: "_" } };
}

/** Loads the project's document without decoding it. Tells warnings. */
export async function loadWritten(flags: Globals, options: Partial<LoadOptions>): Promise<LoadedDocument> {
  const loaded = await loadDocument({ ...loadOptions(flags), ...options });
  warn(loaded.warnings, flags);
  return loaded;
}

/** A project of which only the engine's containers matter. */
export interface FoundProject {
  readonly name: string;
  /** Whether the files have this service, enabled or not; without files every service counts as declared. */
  declares(service: string | undefined): boolean;
}

/**
 * The project that the flags mean, for verbs that look at containers only. With `-p` and without `-f` nothing is read, as
 * docker compose does, so that a project whose files are gone can still be looked at.
 */
export async function findProject(flags: Globals, services: readonly string[] = []): Promise<FoundProject> {
  const name = flags["project-name"];
  if (name !== undefined && flags.file === undefined) {
    return { name: isolatedName(name, flags), declares: () => true };
  }
  const { project } = await loadAll(flags, { services });
  select(project, services, { dependencies: false });
  return {
    name: project.name,
    declares: (service) =>
      service !== undefined && (project.services.has(service) || project.disabled_services.has(service)),
  };
}

/**
 * The current directory as the shell calls it, where that is the same directory: the way through a symbolic link is kept,
 * as docker compose keeps it in its labels.
 */
function workingDirectory(): string {
  const here = process.cwd();
  const logical = process.env.PWD;
  if (logical === undefined || logical === here || !logical.startsWith("/")) return here;
  const [a, b] = [statSync(here), statSync(logical, { throwIfNoEntry: false })];
  return b !== undefined && a.ino === b.ino && a.dev === b.dev ? logical : here;
}

async function readAll(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}
