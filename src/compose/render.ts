import type { ProjectModel } from "./model.ts";
import type { MappingNode } from "./node.ts";
import type { Plain, PlainObject, Style } from "./render/plain.ts";
import { renderProject } from "./render/project.ts";
import { plainTree } from "./render/tree.ts";
import { toYaml } from "./render/yaml.ts";

export interface RenderOptions {
  /** Write every `$` as `$$`, so that the output means the same when it is read again; true unless said otherwise. */
  readonly escape?: boolean;
  /** Whether a resource has a name of its own; without one it is printed under its key alone. All have unless said otherwise. */
  readonly isNamed?: (section: string, key: string) => boolean;
}

/** The model as `config --format json` prints it: docker compose's attributes, order and spelling. */
export function renderJson(project: ProjectModel, options: RenderOptions = {}): PlainObject {
  return withSortedKeys(finished(project, "json", options));
}

/**
 * The model as `config` prints it: YAML that can be loaded again. A `$` in a key is not doubled there, because keys are not
 * interpolated; docker compose doubles it.
 */
export function renderYaml(project: ProjectModel, options: RenderOptions = {}): string {
  return toYaml(finished(project, "yaml", options));
}

/**
 * The document before it is decoded, as `config --no-interpolate --format json` prints it: values with variables in them are
 * no durations, sizes or ports yet, so they stand as they were written.
 *
 * @param name of the project; absent: as the document says
 */
export function renderTreeJson(document: MappingNode, name: string | undefined): Plain {
  return plainTree(document, name);
}

/** The same as YAML, as `config --no-interpolate` prints it. */
export function renderTreeYaml(document: MappingNode, name: string | undefined): string {
  return toYaml(plainTree(document, name));
}

function withSortedKeys(document: PlainObject): PlainObject {
  const result: PlainObject = Object.create(null);
  for (const [key, value] of Object.entries(document).sort(([a], [b]) => (a < b ? -1 : 1))) result[key] = value;
  return result;
}

function finished(project: ProjectModel, style: Style, options: RenderOptions): PlainObject {
  const document = renderProject(project, style, options.isNamed);
  return options.escape === false || !holdsDollar(document) ? document : escaped(document, style);
}

function holdsDollar(value: Plain): boolean {
  if (typeof value === "string") return value.includes("$");
  if (value === null || typeof value !== "object") return false;
  for (const [key, below] of Object.entries(value)) {
    if (key.includes("$") || holdsDollar(below)) return true;
  }
  return false;
}

function escaped(document: PlainObject, style: Style): PlainObject {
  const result: PlainObject = Object.create(null);
  for (const [key, below] of Object.entries(document)) {
    result[style === "json" ? key.replaceAll("$", "$$$$") : key] = escapedValue(below, style);
  }
  return result;
}

function escapedValue(value: Plain, style: Style): Plain {
  if (typeof value === "string") return value.replaceAll("$", "$$$$");
  if (Array.isArray(value)) return value.map((item) => escapedValue(item, style));
  return value === null || typeof value !== "object" ? value : escaped(value, style);
}
