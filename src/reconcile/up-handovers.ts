import { isRunning, nameOf } from "./containers.ts";
import { containerName } from "./names.ts";
import type { ObservedContainer } from "./plan.ts";
import { addRemoval, addStop } from "./up-removals.ts";
import { finding, type UpState } from "./up-state.ts";

/**
 * Containers that are replaced, and whose name or published port goes to another service, make room before anything is
 * created: two services may swap them. A name that is held by a container that stays is an error.
 */
export function addHandovers(state: UpState): void {
  const names = wantedNames(state);
  const ports = wantedPorts(state);
  const kept = new Map<string, ObservedContainer>();
  const going = new Set<string>();
  for (const [service, decisions] of state.decisions) {
    for (const decision of decisions) {
      if (decision.fate === "create") continue;
      const { container } = decision;
      if (decision.fate !== "keep") going.add(container.summary.Id);
      if (decision.fate !== "replace") continue;
      const heir = names.get(nameOf(container.summary));
      if (heir !== undefined && heir !== service) addRemoval(state, container, `its name goes to "${heir}"`);
      const [port, next] = takenPort(container, service, ports) ?? [];
      if (port !== undefined) addStop(state, container, `port ${port} goes to "${next}"`, []);
    }
  }
  for (const container of state.observed.containers) {
    const { Id: id } = container.summary;
    if (!going.has(id) && !state.removed.has(id)) kept.set(nameOf(container.summary), container);
  }
  for (const [name, service] of names) {
    const holder = kept.get(name);
    if (holder === undefined) continue;
    state.errors.push({
      ...finding(state, "error", "name-taken", `container name ${name} is in use`, ["services", service]),
      hint: "remove its container, or run with --remove-orphans if its service is gone",
    });
  }
}

/** Names that new containers get → their services. */
function wantedNames({ model, decisions }: UpState): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [name, decided] of decisions) {
    const service = model.services.get(name);
    if (service === undefined) continue;
    for (const decision of decided) {
      if (decision.fate !== "create" && decision.fate !== "replace") continue;
      names.set(containerName(model, service, decision.number), name);
    }
  }
  return names;
}

/** Ports (`tcp/8080`) that started containers publish → their services. */
function wantedPorts({ model, decisions }: UpState): ReadonlyMap<string, ReadonlySet<string>> {
  const ports = new Map<string, Set<string>>();
  for (const [name, decided] of decisions) {
    const starts = decided.some(
      (decision) => decision.fate !== "remove" && (decision.fate !== "keep" || decision.start),
    );
    if (!starts) continue;
    for (const { published, protocol = "tcp" } of model.services.get(name)?.ports ?? []) {
      if (published === undefined) continue;
      const key = `${protocol}/${published}`;
      ports.set(key, (ports.get(key) ?? new Set()).add(name));
    }
  }
  return ports;
}

function takenPort(
  container: ObservedContainer,
  service: string,
  wanted: ReadonlyMap<string, ReadonlySet<string>>,
): readonly [number, string] | undefined {
  if (!isRunning(container)) return undefined;
  for (const { Type: type, PublicPort: port } of container.summary.Ports) {
    const heirs = wanted.get(`${type}/${port}`);
    const heir = [...(heirs ?? [])].find((name) => name !== service);
    // A service that keeps its port stops for no one.
    if (port !== undefined && heir !== undefined && !heirs?.has(service)) return [port, heir];
  }
  return undefined;
}
