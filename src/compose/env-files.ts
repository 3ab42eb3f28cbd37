import type { Diagnostic, Source } from "../errors.ts";
import { problem } from "./codes.ts";
import { parseDotenv } from "./dotenv.ts";
import type { EnvFile, ProjectModel, Service } from "./model.ts";
import type { Locate } from "./node.ts";
import { parseRawEnv } from "./raw-env-file.ts";
import { type ReadSource, readSource } from "./source.ts";

/**
 * Reads the `env_file` and `label_file` of every enabled service into its `environment` and `labels`. Later files win
 * over earlier ones, and what the compose file itself says over files; a variable that it declares but that is set
 * nowhere (null) stays so. Expansion in an env file sees the project's environment, then the service's, then what was
 * read before; in a label file only the labels read before.
 */
export async function resolveEnvFiles(
  project: ProjectModel,
  locate: Locate,
): Promise<{ project: ProjectModel; diagnostics: Diagnostic[] }> {
  const diagnostics: Diagnostic[] = [];
  const files = new Map<string, Promise<ReadSource>>();
  const open = (path: string) => {
    const known = files.get(path) ?? readSource(path);
    files.set(path, known);
    return known;
  };
  const services = new Map<string, Service>();
  for (const [name, service] of project.services) {
    const withVariables = await resolveVariables(withValues(service, project), project, open, locate, diagnostics);
    services.set(name, await resolveLabels(withVariables, open, locate, diagnostics));
  }
  return { project: { ...project, services }, diagnostics };
}

/** Gives variables without a value the environment's, which a project that was not normalised has not done yet. */
function withValues(service: Service, { environment }: ProjectModel): Service {
  const variables = service.environment;
  if (variables === undefined || ![...variables].some(([key, value]) => value === null && environment.has(key))) {
    return service;
  }
  return {
    ...service,
    environment: new Map([...variables].map(([key, v]) => [key, v ?? environment.get(key) ?? null])),
  };
}

type Open = (path: string) => Promise<ReadSource>;

async function resolveVariables(
  service: Service,
  project: ProjectModel,
  open: Open,
  locate: Locate,
  diagnostics: Diagnostic[],
): Promise<Service> {
  const { env_file: files, ...rest } = service;
  if (files === undefined) return service;
  const variables = new Map<string, string | null>();
  const lookup = (name: string) =>
    project.environment.get(name) ?? service.environment?.get(name) ?? variables.get(name) ?? undefined;
  for (const [i, file] of files.entries()) {
    const span = locate(["services", service.name, "env_file", i, "path"]);
    const { source, problem: fault } = await open(file.path);
    if (source === undefined) {
      if (fault.code !== "missing-file") diagnostics.push({ ...fault, ...(!fault.span && span && { span }) });
      else if (file.required) {
        const hint = fault.hint ?? "create it, or set required: false";
        diagnostics.push(problem("missing-file", `env file ${file.path} not found`, span, hint));
      }
      continue;
    }
    if (file.format !== undefined && file.format !== "raw") {
      const message = `unsupported env_file format "${file.format}"`;
      const at = locate(["services", service.name, "env_file", i, "format"]);
      diagnostics.push(problem("unsupported-format", message, at, "leave it out, or write raw"));
      continue;
    }
    for (const [key, value] of parse(file, source, lookup, diagnostics)) variables.set(key, value);
  }
  for (const [key, value] of service.environment ?? []) variables.set(key, value);
  return { ...rest, environment: variables };
}

async function resolveLabels(
  service: Service,
  open: Open,
  locate: Locate,
  diagnostics: Diagnostic[],
): Promise<Service> {
  const { label_file: files, ...rest } = service;
  if (files === undefined) return service;
  const labels = new Map<string, string>();
  for (const [i, path] of files.entries()) {
    const { source, problem: fault } = await open(path);
    if (source === undefined) {
      const span = locate(["services", service.name, "label_file", i]);
      const isMissing = fault.code === "missing-file";
      diagnostics.push(
        isMissing
          ? problem("missing-file", `label file ${path} not found`, span, fault.hint ?? "create it")
          : { ...fault, ...(!fault.span && span && { span }) },
      );
      continue;
    }
    const result = parseDotenv(source, (name) => labels.get(name));
    diagnostics.push(...result.diagnostics);
    for (const [key, value] of result.entries) labels.set(key, value);
  }
  for (const [key, value] of service.labels ?? []) labels.set(key, value);
  return { ...rest, labels };
}

function parse(
  file: EnvFile,
  source: Source,
  lookup: (name: string) => string | undefined,
  diagnostics: Diagnostic[],
): ReadonlyMap<string, string> {
  if (file.format !== "raw") {
    const result = parseDotenv(source, lookup);
    diagnostics.push(...result.diagnostics);
    return result.entries;
  }
  const result = parseRawEnv(source, lookup);
  for (const { message, start, end } of result.errors) {
    diagnostics.push(problem("invalid-pair", message, { source, start, end }, "write KEY=VALUE"));
  }
  return result.entries;
}
