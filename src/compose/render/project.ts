import type { Ipam, Model, Network, ProjectModel, Secret, Volume } from "../model.ts";
import {
  anything,
  list,
  mapping,
  object,
  onlyTrue,
  type PlainObject,
  type Style,
  sorted,
  texts,
  words,
} from "./plain.ts";
import { renderService } from "./service.ts";

/**
 * The whole project: name, services, networks, volumes, secrets, configs, models, extensions.
 *
 * @param isNamed whether a resource has a name of its own: a project that was not normalised knows some by their keys only
 */
export function renderProject(
  project: ProjectModel,
  style: Style,
  isNamed: (section: string, key: string) => boolean = () => true,
): PlainObject {
  const named = <T extends { readonly name: string }>(section: string, resource: T, key: string) => ({
    ...resource,
    name: isNamed(section, key) ? resource.name : undefined,
  });
  const document = object(
    {
      name: project.name,
      services: mapping(project.services, (service) => renderService(service, style)) ?? {},
      networks: mapping(project.networks, (network, key) => renderNetwork(named("networks", network, key), style)),
      volumes: mapping(project.volumes, (volume, key) => renderVolume(named("volumes", volume, key), style)),
      secrets: mapping(project.secrets, (secret, key) => renderSecret(named("secrets", secret, key), style, false)),
      configs: mapping(project.configs, (config, key) =>
        renderSecret(named("configs", config, key), style, config.environment === undefined),
      ),
      models: mapping(project.models, (model, key) => renderModel(model, key, style)),
    },
    undefined,
    style,
  );
  for (const [key, value] of sorted(project.extensions)) document[key] = anything(value);
  return document;
}

/** A resource whose name may be left out. */
type Printed<T> = Omit<T, "name"> & { readonly name: string | undefined };

function renderNetwork(network: Printed<Network>, style: Style): PlainObject {
  const ipam = network.ipam && renderIpam(network.ipam, style);
  return object(
    {
      name: network.name,
      driver: network.driver,
      driver_opts: texts(network.driver_opts),
      ipam: style === "json" ? (ipam ?? {}) : ipam && Object.keys(ipam).length > 0 ? ipam : undefined,
      external: onlyTrue(network.external),
      internal: onlyTrue(network.internal),
      attachable: onlyTrue(network.attachable),
      labels: texts(network.labels),
      enable_ipv4: network.enable_ipv4,
      enable_ipv6: network.enable_ipv6,
    },
    network.extensions,
    style,
  );
}

function renderIpam(ipam: Ipam, style: Style): PlainObject {
  return object(
    {
      driver: ipam.driver,
      config: list(ipam.config, (pool) =>
        object(
          {
            subnet: pool.subnet,
            gateway: pool.gateway,
            ip_range: pool.ip_range,
            aux_addresses: texts(pool.aux_addresses),
          },
          pool.extensions,
          style,
        ),
      ),
      options: texts(ipam.options),
    },
    ipam.extensions,
    style,
  );
}

function renderVolume(volume: Printed<Volume>, style: Style): PlainObject {
  return object(
    {
      name: volume.name,
      driver: volume.driver,
      driver_opts: texts(volume.driver_opts),
      external: onlyTrue(volume.external),
      labels: texts(volume.labels),
    },
    volume.extensions,
    style,
  );
}

/** @param shown whether the content may be printed: that of a secret, or of an environment variable, never is */
function renderSecret(secret: Printed<Secret>, style: Style, shown: boolean): PlainObject {
  return object(
    {
      name: secret.name,
      file: secret.file,
      environment: secret.environment,
      content: shown ? secret.content : undefined,
      external: onlyTrue(secret.external),
      labels: texts(secret.labels),
      driver: secret.driver,
      driver_opts: texts(secret.driver_opts),
      template_driver: secret.template_driver,
    },
    secret.extensions,
    style,
  );
}

function renderModel(model: Model, key: string, style: Style): PlainObject {
  return object(
    {
      name: model.name === key ? undefined : model.name,
      model: model.model,
      context_size: model.context_size,
      runtime_flags: words(model.runtime_flags),
    },
    model.extensions,
    style,
  );
}
