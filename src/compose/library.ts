/**
 * gantry's loader as a library: `import { load } from "gantry"`. Text in, model out; no engine is asked, nothing is printed
 * and nothing is written. docs/library.md shows it at work.
 */
import { type Loaded, type LoadOptions, load as loadProject } from "./load.ts";
import type { ProjectModel } from "./model.ts";
import { select as choose } from "./select.ts";

export {
  type Diagnostic,
  GantryError,
  type Note,
  type Place,
  ProjectError,
  placeOf,
  type Source,
  type Span,
} from "../errors.ts";
export type { Code } from "./codes.ts";
export { type DependencyGraph, dependencyGraph } from "./graph.ts";
export type { Loaded } from "./load.ts";
export type * from "./model.ts";
export type { Locate, Path } from "./node.ts";
export { type RenderOptions, renderJson, renderYaml } from "./render.ts";
export { pruneResources } from "./select.ts";

/** What to load, and how; everything may be left out. */
export interface Options extends Partial<Omit<LoadOptions, "environment">> {
  /** The variables that the files see; those of the process unless given. */
  readonly environment?: ReadonlyMap<string, string> | Readonly<Record<string, string | undefined>>;
}

/**
 * Loads the Compose project of a directory (`cwd`, the current one unless given) as `gantry config` does: finds its files,
 * interpolates, includes, extends, merges, validates, decodes and checks them. Services whose profile is not active are in
 * `disabled_services`.
 *
 * @throws ProjectError with every finding of the run, errors and warnings, in the order of files and places
 */
export function load(options: Options = {}): Promise<Loaded> {
  const { environment = process.env, cwd = process.cwd(), ...rest } = options;
  return loadProject({ ...rest, cwd, environment: asMap(environment) });
}

/**
 * The project with the named services (globs allowed) and what they depend on; the others are in `disabled_services`.
 *
 * @throws ProjectError for a name that no service has, and for a required dependency that is not enabled
 */
export function select(project: ProjectModel, names: readonly string[]): ProjectModel {
  return choose(project, names, { dependencies: true });
}

function asMap(environment: NonNullable<Options["environment"]>): ReadonlyMap<string, string> {
  if (environment instanceof Map) return environment;
  const pairs = Object.entries(environment as Readonly<Record<string, string | undefined>>);
  return new Map(pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])));
}
