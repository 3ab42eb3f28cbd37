import type { Service, ServiceNetwork } from "../compose/model.ts";
import type { EndpointSettings } from "../engine/api.ts";
import { supports } from "./api-version.ts";
import type { BodyFacts, ContainerSpec, Warn } from "./body-facts.ts";
import { containerName, replicas } from "./names.ts";
import { sharedNamespace } from "./namespaces.ts";
import { listOf, present } from "./present.ts";

export interface NetworkPart {
  /** HostConfig.NetworkMode. */
  readonly mode: string;
  /** Network name → endpoint, the primary network first. */
  readonly endpoints: Record<string, EndpointSettings>;
  readonly connect: ContainerSpec["connect"];
  /** Config.MacAddress, for engines below API 1.44. */
  readonly macAddress?: string;
  /** HostConfig.Links, for the engine's default bridge; elsewhere links belong to the endpoints. */
  readonly links?: string[];
}

/**
 * How a container is attached: by `network_mode`, or to the service's networks. The network with the highest
 * `priority` (then the first by name) is the primary one.
 */
export function networkPart(facts: BodyFacts, warn: Warn): NetworkPart {
  const { project, service, apiVersion } = facts;
  const several = supports(apiVersion, "1.44");
  const links = linksOf(facts);
  if (service.network_mode !== undefined && service.network_mode !== "") {
    return modePart(facts, service.network_mode, links, several);
  }
  const keys = networksByPriority(service);
  const [primary] = keys;
  if (primary === undefined) return { mode: "none", endpoints: {}, connect: [] };
  const nameOf = (key: string) => project.networks.get(key)?.name ?? key;
  const all = keys.map((key) => {
    const endpoint = endpointOf(facts, key, links, warn);
    if (several && key === primary && endpoint.MacAddress === undefined && service.mac_address !== undefined) {
      endpoint.MacAddress = service.mac_address;
    }
    return { network: nameOf(key), endpoint };
  });
  if (several) {
    return {
      mode: nameOf(primary),
      endpoints: Object.fromEntries(all.map(({ network, endpoint }) => [network, endpoint])),
      connect: [],
    };
  }
  return {
    mode: nameOf(primary),
    endpoints: Object.fromEntries(all.slice(0, 1).map(({ network, endpoint }) => [network, endpoint])),
    connect: all.slice(1),
    ...present<{ macAddress?: string }>({
      macAddress: service.networks?.get(primary)?.mac_address ?? service.mac_address,
    }),
  };
}

/** The keys of a service's networks: highest `priority` first, then by name. */
export function networksByPriority(service: Service): readonly string[] {
  const priority = (settings: ServiceNetwork | null) => settings?.priority ?? 0;
  return [...(service.networks ?? [])]
    .sort(([a, x], [b, y]) => priority(y) - priority(x) || (a < b ? -1 : 1))
    .map(([key]) => key);
}

function modePart(facts: BodyFacts, written: string, links: readonly string[], several: boolean): NetworkPart {
  const parent = sharedNamespace(written);
  const mode = parent === undefined ? written : facts.containerOf(parent);
  const bridge = mode === "bridge" || mode === "default";
  const mac = facts.service.mac_address;
  return {
    mode,
    endpoints: mac !== undefined && several && bridge ? { [mode]: { MacAddress: mac } } : {},
    connect: [],
    ...present<{ macAddress?: string; links?: string[] }>({
      macAddress: several ? undefined : mac,
      links: listOf(links),
    }),
  };
}

function endpointOf(facts: BodyFacts, key: string, links: readonly string[], warn: Warn): EndpointSettings {
  const { project, service, apiVersion, number } = facts;
  const settings = service.networks?.get(key);
  const path = ["networks", key];
  const ipam = present<NonNullable<EndpointSettings["IPAMConfig"]>>({
    IPv4Address: settings?.ipv4_address,
    IPv6Address: settings?.ipv6_address,
    LinkLocalIPs: listOf(settings?.link_local_ips),
  });
  const options = new Map(settings?.driver_opts ?? []);
  if (settings?.interface_name !== undefined) {
    if (supports(apiVersion, "1.49")) options.set("com.docker.network.endpoint.ifname", settings.interface_name);
    else needsNewer([...path, "interface_name"], "1.49");
  }
  if (settings?.gw_priority !== undefined && !supports(apiVersion, "1.48"))
    needsNewer([...path, "gw_priority"], "1.48");
  const primary = networksByPriority(service)[0] === key;
  if (settings?.mac_address !== undefined && !supports(apiVersion, "1.44") && !primary) {
    needsNewer([...path, "mac_address"], "1.44");
  }
  if (
    primary &&
    settings?.mac_address !== undefined &&
    (service.mac_address ?? settings.mac_address) !== settings.mac_address
  ) {
    warn("unsupported", ["mac_address"], `mac_address of the service and of network "${key}" must be the same`);
  }
  const own = facts.oneOff?.name ?? containerName(project, service, number);
  const shared = facts.oneOff?.useAliases === false ? [] : [service.name, ...(settings?.aliases ?? [])];
  return present<EndpointSettings>({
    Aliases: [...new Set([own, ...shared])],
    Links: listOf(links),
    IPAMConfig: Object.keys(ipam).length === 0 ? undefined : ipam,
    MacAddress: supports(apiVersion, "1.44") ? settings?.mac_address : undefined,
    DriverOpts: options.size === 0 ? undefined : Object.fromEntries(options),
    GwPriority: supports(apiVersion, "1.48") ? settings?.gw_priority : undefined,
  });

  function needsNewer(at: readonly string[], version: string): void {
    warn("needs-newer-engine", at, `${at.at(-1)} needs an engine with API ${version}, this one speaks ${apiVersion}`);
  }
}

/** `links` name every container of the linked service by the link's alias and by its own name, as docker compose does. */
function linksOf({ project, service }: BodyFacts): readonly string[] {
  const links: string[] = [];
  for (const link of service.links ?? []) {
    const [name = "", alias = name] = link.split(":");
    const linked = project.services.get(name);
    if (linked === undefined) continue;
    for (let number = 1; number <= replicas(linked); number++) {
      const container = containerName(project, linked, number);
      links.push(`${container}:${alias}`, `${container}:${name}-${number}`, `${container}:${container}`);
    }
  }
  for (const link of service.external_links ?? []) {
    const [container = "", alias = container] = link.split(":");
    links.push(`${container}:${alias}`);
  }
  return links;
}
