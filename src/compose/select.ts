import { ProjectError } from "../errors.ts";
import { problem } from "./codes.ts";
import type { ProjectModel, Service } from "./model.ts";
import { suggestion } from "./nearest.ts";

/**
 * Enables the services that have no profiles or one of the active ones (`*` is every profile) and moves the others to
 * `disabled_services`.
 */
export function applyProfiles(project: ProjectModel, profiles: readonly string[]): ProjectModel {
  const active = new Set(profiles);
  const isEnabled = (service: Service) =>
    active.has("*") ||
    service.profiles === undefined ||
    service.profiles.length === 0 ||
    service.profiles.some((profile) => active.has(profile));
  return divide(project, isEnabled);
}

/**
 * Enables services that are named although their profiles are not active: all profiles of a named service become
 * active. Names without such a service change nothing.
 */
export function enableServices(project: ProjectModel, names: readonly string[]): ProjectModel {
  const named = new Set(names.filter((name) => project.disabled_services.has(name)));
  if (named.size === 0) return project;
  const active = new Set([...named].flatMap((name) => project.disabled_services.get(name)?.profiles ?? []));
  return divide(
    project,
    (service) =>
      project.services.has(service.name) ||
      named.has(service.name) ||
      (service.profiles ?? []).some((profile) => active.has(profile)),
  );
}

/**
 * Keeps the named services (globs allowed) and, with `dependencies`, everything that they depend on; the rest goes to
 * `disabled_services`, and dependencies on it are dropped. Without names the project stays as it is.
 *
 * @throws ProjectError for a name that no service has, and for a required dependency that is not enabled
 */
export function select(
  project: ProjectModel,
  names: readonly string[],
  options: { dependencies: boolean },
): ProjectModel {
  if (names.length === 0) return project;
  const enabled = enableServices(project, names);
  const known = [...enabled.services.keys()];
  const unknown = names.filter((name) => matching(name, known).length === 0);
  if (unknown.length > 0) throw new ProjectError(unknown.map((name) => noSuchService(name, known)));

  const selected = new Set<string>();
  const pending = names.flatMap((name) => matching(name, known));
  for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
    if (selected.has(name)) continue;
    const service = enabled.services.get(name);
    if (service === undefined) throw new ProjectError([noSuchService(name, known)]);
    selected.add(name);
    if (!options.dependencies) continue;
    for (const [other, dependency] of service.depends_on ?? []) {
      if (dependency.required || enabled.services.has(other)) pending.push(other);
    }
  }
  const divided = divide(enabled, (service) => selected.has(service.name));
  const services = new Map([...divided.services].map(([name, service]) => [name, withoutEdges(service, selected)]));
  return { ...divided, services };
}

/** Drops the networks, volumes, secrets, configs and models that no enabled service uses. */
export function pruneResources(project: ProjectModel): ProjectModel {
  const services = [...project.services.values()];
  const used = (names: (service: Service) => Iterable<string>) => new Set(services.flatMap((s) => [...names(s)]));
  const networks = used((service) => service.networks?.keys() ?? []);
  const volumes = used((service) =>
    (service.volumes ?? []).flatMap((mount) => (mount.type === "volume" && mount.source ? [mount.source] : [])),
  );
  const secrets = used((service) =>
    [...(service.secrets ?? []), ...(service.build?.secrets ?? [])].map(({ source }) => source),
  );
  const configs = used((service) => [
    ...(service.configs ?? []).map(({ source }) => source),
    ...(service.credential_spec?.config ? [service.credential_spec.config] : []),
  ]);
  const models = used((service) => service.models?.keys() ?? []);
  return {
    ...project,
    networks: only(project.networks, networks),
    volumes: only(project.volumes, volumes),
    secrets: only(project.secrets, secrets),
    configs: only(project.configs, configs),
    models: only(project.models, models),
  };
}

/** The names that a name or glob means: `*` and `?` stand for characters, `[…]` for one of a set, `\` escapes. */
function matching(pattern: string, names: Iterable<string>): readonly string[] {
  const all = [...names];
  if (!/[*?[\\]/.test(pattern)) return all.filter((name) => name === pattern);
  const glob = globExpression(pattern);
  return glob === undefined ? [] : all.filter((name) => glob.test(name));
}

function globExpression(pattern: string): RegExp | undefined {
  const parts = pattern.matchAll(/\\(.)|\[(\^?)((?:\\.|[^\]\\])+)\]|([\s\S])/g);
  let source = "";
  for (const [, literal, negated, set, char = ""] of parts) {
    if (literal !== undefined) source += literally(literal);
    else if (set !== undefined) source += `[${negated}${set.replaceAll("[", "\\[")}]`;
    else if (char === "*") source += "[^/]*";
    else if (char === "?") source += "[^/]";
    else source += literally(char);
  }
  try {
    return new RegExp(`^${source}$`, "u");
  } catch {
    return undefined;
  }
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

function noSuchService(name: string, known: readonly string[]) {
  return problem("undefined-service", `no such service: ${name}`, undefined, suggestion(name, known));
}

function divide(project: ProjectModel, isEnabled: (service: Service) => boolean): ProjectModel {
  const services = new Map<string, Service>();
  const disabled = new Map<string, Service>();
  for (const [name, service] of [...project.services, ...project.disabled_services]) {
    (isEnabled(service) ? services : disabled).set(name, service);
  }
  return { ...project, services, disabled_services: disabled };
}

function withoutEdges(service: Service, kept: ReadonlySet<string>): Service {
  if (service.depends_on === undefined) return service;
  const { depends_on, ...rest } = service;
  const dependencies = only(depends_on, kept);
  return dependencies.size === 0 ? rest : { ...rest, depends_on: dependencies };
}

function only<T>(values: ReadonlyMap<string, T>, names: ReadonlySet<string>): ReadonlyMap<string, T> {
  return new Map([...values].filter(([name]) => names.has(name)));
}
