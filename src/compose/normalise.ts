import {
  boolNode,
  child,
  isString,
  type MappingNode,
  mapItems,
  mapMappings,
  mappingNode,
  mapValues,
  type Node,
  nullNode,
  type ScalarNode,
  stringNode,
  updateEntry,
  withDefault,
  withEntry,
} from "./node.ts";
import { cleanTarget } from "./short/mounts.ts";

/**
 * Takes values from a model's own environment, once its paths are resolved: list entries `VAR` of a service's
 * `environment`, and the content of secrets and configs that name a variable. Included models have their own.
 */
export function resolveEnvironment(document: MappingNode, environment: ReadonlyMap<string, string>): MappingNode {
  const content = (resource: MappingNode): MappingNode => {
    const variable = child(resource, "environment");
    const value = isString(variable) ? environment.get(variable.value) : undefined;
    if (variable === undefined || value === undefined) return resource;
    return withEntry(resource, "content", stringNode(value, variable.span));
  };
  let result = updateEntry(document, "services", (services) =>
    mapMappings(services, (service) =>
      updateEntry(service, "environment", (variables) => {
        if (variables.kind !== "sequence") return variables;
        return { ...variables, items: variables.items.map((item) => withValue(item, environment)) };
      }),
    ),
  );
  for (const section of ["secrets", "configs"]) {
    result = updateEntry(result, section, (resources) => mapMappings(resources, content));
  }
  return result;
}

/**
 * Writes down what a complete document implies: the default network, names on the engine, dependencies that links and
 * shared namespaces bring along, the build file, and the environment's values for variables without one.
 */
export function normalise(
  document: MappingNode,
  projectName: string,
  environment: ReadonlyMap<string, string>,
): MappingNode {
  let usesDefault = false;
  let result = updateEntry(document, "services", (services) =>
    mapMappings(services, (service) => {
      if (!joinsDefaultNetwork(service)) return normaliseService(service, environment);
      usesDefault = true;
      const networks = mappingNode([["default", nullNode(service.span)]], service.span);
      return normaliseService(withEntry(service, "networks", networks), environment);
    }),
  );
  // A service may also name the default network itself.
  usesDefault ||= namesDefaultNetwork(result);
  if (usesDefault) {
    const networks = child(result, "networks");
    const declared = networks?.kind === "mapping" ? networks : mappingNode([], document.span);
    result = withEntry(result, "networks", withDefault(declared, "default", nullNode(document.span)));
  }
  for (const section of ["networks", "volumes", "secrets", "configs"]) {
    result = updateEntry(result, section, (resources) => nameResources(resources, projectName));
  }
  return result;
}

function joinsDefaultNetwork(service: MappingNode): boolean {
  if (service.entries.has("provider") || service.entries.has("network_mode")) return false;
  const networks = child(service, "networks");
  return networks?.kind !== "mapping" || networks.entries.size === 0;
}

function namesDefaultNetwork(document: MappingNode): boolean {
  const services = child(document, "services");
  if (services?.kind !== "mapping") return false;
  return [...services.entries.values()].some(({ value }) => child(child(value, "networks"), "default") !== undefined);
}

/** Explicit name, else the key of an external resource, else `<project>_<key>`. */
function nameResources(resources: Node, projectName: string): Node {
  if (resources.kind !== "mapping") return resources;
  return mapValues(resources, (value, key) => {
    const resource = value.kind === "mapping" ? value : mappingNode([], value.span);
    const name = child(resource, "name");
    if (name?.kind === "scalar" && name.text !== "") return resource;
    const text = isTrue(child(resource, "external")) ? key : `${projectName}_${key}`;
    return withEntry(resource, "name", stringNode(text, resource.span));
  });
}

function normaliseService(service: MappingNode, environment: ReadonlyMap<string, string>): MappingNode {
  let result = updateEntry(service, "pull_policy", (policy) =>
    isString(policy) && policy.value === "if_not_present" ? stringNode("missing", policy.span) : policy,
  );
  result = updateEntry(result, "build", (build) =>
    build.kind === "mapping" ? normaliseBuild(build, environment) : build,
  );
  result = updateEntry(result, "environment", (variables) => resolveVariables(variables, environment, true));
  result = updateEntry(result, "volumes", (volumes) =>
    mapItems(volumes, (mount) =>
      updateEntry(mount, "target", (target) =>
        isString(target) ? stringNode(cleanTarget(target.value), target.span) : target,
      ),
    ),
  );
  const image = child(service, "image");
  if (image !== undefined) {
    result = updateEntry(result, "pre_start", (hooks) => mapItems(hooks, (hook) => withDefault(hook, "image", image)));
  }
  return addDependencies(result);
}

function normaliseBuild(build: MappingNode, environment: ReadonlyMap<string, string>): MappingNode {
  let result = withDefault(build, "context", stringNode(".", build.span));
  if (!build.entries.has("dockerfile_inline")) {
    const dockerfile = child(build, "dockerfile");
    if (dockerfile?.kind !== "scalar" || dockerfile.text === "") {
      result = withEntry(result, "dockerfile", stringNode("Dockerfile", build.span));
    }
  }
  return updateEntry(result, "args", (args) => resolveVariables(args, environment, false));
}

/** Gives variables without a value the environment's; one that is not set there stays null, or is dropped. */
function resolveVariables(variables: Node, environment: ReadonlyMap<string, string>, keepUnset: boolean): Node {
  if (variables.kind === "sequence") {
    const items = variables.items
      .map((item) => withValue(item, environment))
      .filter((item) => keepUnset || (item.kind === "scalar" && item.text.includes("=")));
    return { ...variables, items };
  }
  if (variables.kind !== "mapping") return variables;
  const entries = [...variables.entries].flatMap(([key, entry]) => {
    if (entry.value.kind !== "scalar" || entry.value.type !== "null") return [[key, entry] as const];
    const value = environment.get(key);
    if (value !== undefined) return [[key, { ...entry, value: stringNode(value, entry.value.span) }] as const];
    return keepUnset ? [[key, entry] as const] : [];
  });
  return { ...variables, entries: new Map(entries) };
}

/** A list entry `VAR` with the environment's value. */
function withValue(item: Node, environment: ReadonlyMap<string, string>): Node {
  if (item.kind !== "scalar" || item.text.includes("=")) return item;
  const value = environment.get(item.text);
  return value === undefined ? item : stringNode(`${item.text}=${value}`, item.span);
}

const namespaces = ["network_mode", "ipc", "pid", "uts", "cgroup"];

/** Links, shared namespaces and `volumes_from` imply a dependency, unless one is declared. */
function addDependencies(service: MappingNode): MappingNode {
  const implied: { name: string; restart: boolean; from: ScalarNode }[] = [];
  for (const link of scalars(child(service, "links"))) {
    const parts = link.text.split(":");
    implied.push({ name: (parts.length === 2 ? parts[0] : undefined) ?? link.text, restart: true, from: link });
  }
  for (const key of namespaces) {
    const mode = child(service, key);
    if (isString(mode) && mode.value.startsWith("service:")) {
      implied.push({ name: mode.value.slice("service:".length), restart: true, from: mode });
    }
  }
  for (const from of scalars(child(service, "volumes_from"))) {
    if (!from.text.startsWith("container:")) {
      implied.push({ name: from.text.split(":")[0] ?? "", restart: false, from });
    }
  }
  if (implied.length === 0) return service;
  const declared = child(service, "depends_on");
  let dependencies = declared?.kind === "mapping" ? declared : mappingNode([], service.span);
  for (const { name, restart, from } of implied) {
    dependencies = withDefault(dependencies, name, dependency(restart, from));
  }
  return withEntry(service, "depends_on", dependencies);
}

function dependency(restart: boolean, from: ScalarNode): MappingNode {
  return mappingNode(
    [
      ["condition", stringNode("service_started", from.span)],
      ...(restart ? [["restart", boolNode(true, from.span)] as const] : []),
      ["required", boolNode(true, from.span)],
    ],
    from.span,
  );
}

function scalars(node: Node | undefined): readonly ScalarNode[] {
  return node?.kind === "sequence" ? node.items.filter((item) => item.kind === "scalar") : [];
}

function isTrue(node: Node | undefined): boolean {
  return node?.kind === "scalar" && node.value === true;
}
