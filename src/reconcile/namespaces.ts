import type { Service } from "../compose/model.ts";

/** The service of a `service:x` reference (`network_mode`, `ipc`, `pid`); undefined for any other text. */
export function sharedNamespace(mode: string | undefined): string | undefined {
  return mode?.startsWith("service:") ? mode.slice("service:".length) : undefined;
}

/** A `volumes_from` entry: of a service (`db:ro`) or of a container by name (`container:db:ro`). */
export function readVolumesFrom(entry: string): { service?: string; container?: string; mode?: string } {
  const parts = entry.split(":");
  const [first = "", second, third] = parts;
  if (first === "container" && second !== undefined) {
    return { container: second, ...(third !== undefined && { mode: third }) };
  }
  return { service: first, ...(second !== undefined && { mode: second }) };
}

/**
 * The services whose container a service's container is bound to by id: replacing one of theirs replaces its own.
 * In the order network, ipc, pid, volumes.
 */
export function parentServices(service: Service): readonly string[] {
  const parents = [service.network_mode, service.ipc, service.pid].map(sharedNamespace);
  for (const entry of service.volumes_from ?? []) parents.push(readVolumesFrom(entry).service);
  return [...new Set(parents.filter((name) => name !== undefined))];
}
