import type { Network, ProjectModel, Service } from "./model.ts";

/**
 * The project as a copy beside the first one, under the names of its own: the project's name has the copy's at its end
 * already (`LoadOptions.copy`), and what is called something else gets it too: containers, networks, volumes, and images
 * that are built. Fixed subnets and addresses are left to the engine, which has given them to the first one. What is
 * external stays what it is, and is shared.
 */
export function isolate(model: ProjectModel, copy: string): ProjectModel {
  const own = (name: string) => (name.includes(model.name) ? name : `${name}-${copy}`);
  const renamed = <T extends { readonly name: string; readonly external?: boolean }>(
    resources: ReadonlyMap<string, T>,
  ): ReadonlyMap<string, T> =>
    new Map(
      [...resources].map(([key, resource]) => [
        key,
        resource.external ? resource : { ...resource, name: own(resource.name) },
      ]),
    );
  const services = [...model.services.values(), ...model.disabled_services.values()];
  const built = new Set(services.flatMap(({ build, image }) => (build === undefined ? [] : (image ?? []))));
  const isolated = (all: ReadonlyMap<string, Service>) =>
    new Map([...all].map(([key, service]) => [key, isolateService(service, { own, built })]));
  return {
    ...model,
    services: isolated(model.services),
    disabled_services: isolated(model.disabled_services),
    networks: new Map([...renamed(model.networks)].map(([key, network]) => [key, withoutPools(network)])),
    volumes: renamed(model.volumes),
  };
}

/** The names of the resources that a copy shares with whoever else uses them. */
export function sharedNames({ networks, volumes }: ProjectModel): readonly string[] {
  return [...networks.values(), ...volumes.values()].flatMap(({ external, name }) => (external ? [name] : []));
}

function isolateService(
  service: Service,
  { own, built }: { readonly own: (name: string) => string; readonly built: ReadonlySet<string> },
): Service {
  const { image, container_name, networks, build } = service;
  return {
    ...service,
    ...(container_name !== undefined && { container_name: own(container_name) }),
    ...(image !== undefined && built.has(image) && { image: ownImage(image, own) }),
    ...(build?.tags !== undefined && { build: { ...build, tags: build.tags.map((tag) => ownImage(tag, own)) } }),
    ...(networks !== undefined && {
      networks: new Map(
        [...networks].map(([key, settings]) => {
          if (settings === null) return [key, settings];
          const { ipv4_address: _4, ipv6_address: _6, link_local_ips: _local, ...rest } = settings;
          return [key, rest];
        }),
      ),
    }),
  };
}

/** `shop/web:1` becomes `shop/web:1-copy`: the tag tells the copy, so that the repository stays one. */
function ownImage(image: string, own: (name: string) => string): string {
  if (own(image) === image) return image;
  return /:[^/]*$/.test(image) ? own(image) : own(`${image}:latest`);
}

function withoutPools(network: Network): Network {
  if (network.external || network.ipam?.config === undefined) return network;
  const { config: _, ...ipam } = network.ipam;
  return { ...network, ipam };
}
