import type { Service } from "./model.ts";

/** Who depends on whom among a set of services. Dependencies on services outside the set do not count. */
export interface DependencyGraph {
  /** What a service depends on directly, in the order of `depends_on`. */
  dependencies(service: string): readonly string[];
  /** The services that depend on this one directly. */
  dependents(service: string): readonly string[];
  /** Levels: every service stands behind all its dependencies. Services on or behind a cycle are in none. */
  readonly order: readonly (readonly string[])[];
  /** Every cycle that a walk finds, closed: `["a", "b", "a"]`. Empty for a sound project. */
  readonly cycles: readonly (readonly string[])[];
}

/** The dependency graph of services by name; links, shared namespaces and the like are in `depends_on` already. */
export function dependencyGraph(services: ReadonlyMap<string, Pick<Service, "depends_on">>): DependencyGraph {
  const dependencies = new Map<string, readonly string[]>();
  const dependents = new Map<string, string[]>();
  for (const name of services.keys()) dependents.set(name, []);
  for (const [name, service] of services) {
    const known = [...(service.depends_on?.keys() ?? [])].filter((other) => services.has(other));
    dependencies.set(name, known);
    for (const other of known) dependents.get(other)?.push(name);
  }
  return {
    dependencies: (name) => dependencies.get(name) ?? [],
    dependents: (name) => dependents.get(name) ?? [],
    order: levels(dependencies, dependents),
    cycles: findCycles(dependencies),
  };
}

type Edges = ReadonlyMap<string, readonly string[]>;

function levels(dependencies: Edges, dependents: Edges): readonly (readonly string[])[] {
  const missing = new Map([...dependencies].map(([name, others]) => [name, others.length]));
  const result: string[][] = [];
  let level = [...missing].filter(([, count]) => count === 0).map(([name]) => name);
  while (level.length > 0) {
    result.push(level);
    const next: string[] = [];
    for (const name of level) {
      for (const dependent of dependents.get(name) ?? []) {
        const left = (missing.get(dependent) ?? 0) - 1;
        missing.set(dependent, left);
        if (left === 0) next.push(dependent);
      }
    }
    level = next;
  }
  return result;
}

/** Depth-first, without recursion: a chain may be thousands of services long. */
function findCycles(dependencies: Edges): readonly (readonly string[])[] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  for (const start of dependencies.keys()) {
    if (done.has(start)) continue;
    const path = [start];
    const position = new Map([[start, 0]]);
    const pending = [[...(dependencies.get(start) ?? [])].values()];
    while (pending.length > 0) {
      const step = pending.at(-1)?.next();
      if (step === undefined || step.done) {
        pending.pop();
        const finished = path.pop();
        if (finished !== undefined) {
          done.add(finished);
          position.delete(finished);
        }
        continue;
      }
      const name = step.value;
      const earlier = position.get(name);
      if (earlier !== undefined) cycles.push([...path.slice(earlier), name]);
      else if (!done.has(name)) {
        position.set(name, path.length);
        path.push(name);
        pending.push([...(dependencies.get(name) ?? [])].values());
      }
    }
  }
  return cycles;
}
