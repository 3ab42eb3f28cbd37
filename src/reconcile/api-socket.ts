import type { ProjectModel, Service } from "../compose/model.ts";

/** What `use_api_socket` gives a container. */
export interface ApiSocket {
  /** Absolute path of the engine's socket on the engine's machine. */
  readonly socket: string;
  /** The text of a config.json of docker's command line, with the credentials of all registries; may be secret. */
  readonly config: string;
}

const target = "/var/run/docker.sock";
const configFolder = "/run/secrets/docker";
const configKey = "#apisocket";

/**
 * The project with the engine's socket and the registries' credentials for the services that ask for it. One that sets
 * DOCKER_CONFIG itself brings its own credentials. Source: docker/cli, `container create --use-api-socket`.
 */
export function withApiSocket(model: ProjectModel, { socket, config }: ApiSocket): ProjectModel {
  const services = new Map([...model.services].map(([name, service]) => [name, withSocket(service, socket)]));
  const source = { content: config, external: false, name: configKey, extensions: new Map() };
  return { ...model, services, configs: new Map(model.configs).set(configKey, source) };
}

function withSocket(service: Service, socket: string): Service {
  if (service.use_api_socket !== true) return service;
  const extensions = new Map();
  const isThere = service.volumes?.some((mount) => mount.target === target) === true;
  const mounts = isThere ? [] : [{ type: "bind", source: socket, target, extensions } as const];
  const mounted = { ...service, volumes: [...(service.volumes ?? []), ...mounts] };
  if (service.environment?.has("DOCKER_CONFIG")) return mounted;
  return {
    ...mounted,
    environment: new Map(service.environment).set("DOCKER_CONFIG", configFolder),
    configs: [...(service.configs ?? []), { source: configKey, target: `${configFolder}/config.json`, extensions }],
  };
}
