import type { ProjectModel } from "../compose/model.ts";
import { imageReference } from "../reconcile/names.ts";

/** What `config` can list instead of the whole project: flag → lines. */
export const configLists = {
  services: (project) => [...project.services.keys()],
  volumes: (project) => [...project.volumes.keys()],
  networks: (project) => [...project.networks.keys()],
  images: (project) => [
    ...new Set(
      [...project.services.values()].flatMap((service) => [
        ...(service.provider === undefined ? [imageReference(project, service)] : []),
        ...(service.pre_start ?? []).flatMap(({ image }) => image ?? []),
      ]),
    ),
  ],
  profiles: (project) =>
    [
      ...new Set(
        [...project.services.values(), ...project.disabled_services.values()].flatMap(({ profiles }) => profiles ?? []),
      ),
    ].sort(),
  environment: (project) => [...project.environment].map(([name, value]) => `${name}=${value}`).sort(),
} as const satisfies Readonly<Record<string, (project: ProjectModel) => readonly string[]>>;

export type ConfigList = keyof typeof configLists;
