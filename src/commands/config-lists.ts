import { dependencyGraph } from "../compose/graph.ts";
import type { ProjectModel } from "../compose/model.ts";
import { imageReference } from "../reconcile/names.ts";

/**
 * What `config` can list instead of the whole project: flag → lines. Where docker compose's order changes from run to
 * run, it is by name here.
 */
export const configLists = {
  services: servicesInOrder,
  volumes: (project) => [...project.volumes.keys()].sort(),
  networks: (project) => [...project.networks.keys()].sort(),
  models: (project) => [...project.models.values()].flatMap(({ model }) => model ?? []).sort(),
  images: (project) =>
    // One line for each service, as docker compose has it, repetitions included.
    [...project.services.values()]
      .flatMap((service) => [
        ...(service.provider === undefined || service.image !== undefined ? [imageReference(project, service)] : []),
        ...(service.pre_start ?? []).flatMap(({ image }) => (image === service.image ? [] : (image ?? []))),
      ])
      .sort(),
  profiles: (project) =>
    [
      ...new Set(
        [...project.services.values(), ...project.disabled_services.values()].flatMap(({ profiles }) => profiles ?? []),
      ),
    ].sort(),
  environment: (project) => [...project.environment].map(([name, value]) => `${name}=${value}`).sort(),
} as const satisfies Readonly<Record<string, (project: ProjectModel) => readonly string[]>>;

export type ConfigList = keyof typeof configLists;

/** Dependencies first, which scripts rely on; services that a cycle keeps from any order come last. */
function servicesInOrder(project: ProjectModel): readonly string[] {
  const sound = dependencyGraph(project.services).order.flatMap((level) => [...level].sort());
  const rest = [...project.services.keys()].filter((name) => !sound.includes(name)).sort();
  return [...sound, ...rest];
}
