import type { ProjectModel, Service } from "../compose/model.ts";

/** The name of a service's container on the engine: `container_name`, else `<project>-<service>-<number>`. */
export function containerName(project: ProjectModel, service: Service, number: number): string {
  return service.container_name ?? joined(project, service.name, String(number));
}

/** The image that a service runs: its `image`, else the name that its build gets. */
export function imageReference(project: ProjectModel, service: Service): string {
  return service.image ?? joined(project, service.name);
}

/** A name that begins with the project's: `shop-web-1`, or `shop_web_1` with `--compatibility`. */
export function joined({ name, separator }: ProjectModel, ...words: readonly string[]): string {
  return [name, ...words].join(separator ?? "-");
}

/** How many containers of a service are wanted: `scale`, else `deploy.replicas`, else one. */
export function replicas(service: Service): number {
  return service.scale ?? service.deploy?.replicas ?? 1;
}
