import type { Port, ProjectModel } from "../compose/model.ts";
import type { ContainerInspect } from "../engine/api.ts";
import { sha256 } from "./fields.ts";
import { labels } from "./labels.ts";

/** One port, or one range, that a service publishes on the host. */
export interface Wish {
  readonly service: string;
  /** Which of the service's ports. */
  readonly index: number;
  readonly port: Port;
  /** How many host ports it takes. */
  readonly size: number;
  /** The host port that a container of the service has for it now. */
  readonly kept?: number;
}

/** Below what kernels give to clients (32768), above what services are used to, and beside Kubernetes' node ports (30000). */
const first = 20_000;
const last = 29_999;

/** The host ports that a project's copy needs, with those that its containers have already. Ephemeral ports need none. */
export function wishesOf(model: ProjectModel, containers: readonly ContainerInspect[]): readonly Wish[] {
  const bound = new Map<string, readonly number[]>();
  for (const { Config, HostConfig } of containers) {
    for (const [target, bindings] of Object.entries(HostConfig.PortBindings ?? {})) {
      const key = `${Config.Labels?.[labels.service]} ${target}`;
      const ports = (bindings ?? []).map(({ HostPort }) => Number.parseInt(HostPort ?? "", 10));
      if (!bound.has(key)) bound.set(key, ports);
    }
  }
  const seen = new Map<string, number>();
  return [...model.services.values()].flatMap(({ name: service, ports }) =>
    (ports ?? []).flatMap((port, index): Wish[] => {
      const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(port.published ?? "") ?? [];
      if (from === undefined || to === undefined || Number(from) === 0) return [];
      const key = `${service} ${port.target}/${port.protocol ?? "tcp"}`;
      const nth = seen.get(key) ?? 0;
      seen.set(key, nth + 1);
      const kept = bound.get(key)?.[nth];
      const size = Number(to) - Number(from) + 1;
      return [{ service, index, port, size, ...(kept !== undefined && kept > 0 && { kept }) }];
    }),
  );
}

/**
 * The host ports to try, best first: what there is already, then one that follows from the names alone, so that the same
 * copy gets the same port again and another copy another one, then the next ones.
 */
export function* candidates(project: string, { service, port, size, kept }: Wish): Generator<number> {
  if (kept !== undefined) yield kept;
  const key = `${project} ${service} ${port.target}/${port.protocol ?? "tcp"} ${port.published}`;
  const room = last - first + 2 - size;
  const start = Number.parseInt(sha256(key).slice(0, 8), 16) % room;
  for (let i = 0; i < room; i++) yield first + ((start + i) % room);
}

/** The project with other host ports; `published`: by service and index. */
export function withPorts(
  model: ProjectModel,
  published: ReadonlyMap<string, ReadonlyMap<number, string>>,
): ProjectModel {
  const services = [...model.services].map(([name, service]) => {
    const own = published.get(name);
    if (own === undefined || service.ports === undefined) return [name, service] as const;
    const ports = service.ports.map((port, i) => ({ ...port, ...(own.has(i) && { published: own.get(i) ?? "" }) }));
    return [name, { ...service, ports }] as const;
  });
  return { ...model, services: new Map(services) };
}
