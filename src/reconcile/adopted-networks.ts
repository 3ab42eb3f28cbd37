import type { ContainerInspect, EndpointSettings } from "../engine/api.ts";
import type { ContainerSpec } from "./body-facts.ts";
import { canonicalText } from "./fields.ts";

/** Networks that a container is on and should not be, or is not on as wanted; named as the engine names them. */
export function* networkDiff({ body, connect }: ContainerSpec, inspect: ContainerInspect): Iterable<string> {
  const wanted = new Map(Object.entries(body.NetworkingConfig?.EndpointsConfig ?? {}));
  for (const { network, endpoint } of connect) wanted.set(network, endpoint);
  const actual = new Map(Object.entries(inspect.NetworkSettings.Networks ?? {}));
  const mode = body.HostConfig?.NetworkMode ?? "default";
  for (const [name, endpoint] of wanted) {
    const there = actual.get(name);
    if (there === undefined || !isSame(endpoint, there, inspect)) yield `networks.${name}`;
  }
  for (const name of actual.keys()) if (!wanted.has(name) && !isModes(name, mode)) yield `networks.${name}`;
}

/** `network_mode` puts a container on a network of the same name; `default` is the bridge. */
function isModes(network: string, mode: string): boolean {
  return network === mode || (mode === "default" && network === "bridge");
}

function isSame(wanted: EndpointSettings, actual: EndpointSettings, inspect: ContainerInspect): boolean {
  // The engine adds the id and the host name by itself.
  const isImplied = (alias: string) => inspect.Id.startsWith(alias) || alias === inspect.Config.Hostname;
  const names = ({ Aliases }: EndpointSettings) => [...new Set(Aliases)].filter((alias) => !isImplied(alias)).sort();
  const fixed = (endpoint: EndpointSettings) => ({
    IPv4Address: endpoint.IPAMConfig?.IPv4Address || undefined,
    IPv6Address: endpoint.IPAMConfig?.IPv6Address || undefined,
    LinkLocalIPs: endpoint.IPAMConfig?.LinkLocalIPs?.length ? endpoint.IPAMConfig.LinkLocalIPs : undefined,
    DriverOpts: endpoint.DriverOpts ?? {},
    GwPriority: endpoint.GwPriority ?? 0,
    Links: new Map((endpoint.Links ?? []).map((link) => [link, true])),
  });
  const mac = wanted.MacAddress?.toLowerCase();
  if (mac !== undefined && actual.MacAddress && mac !== actual.MacAddress.toLowerCase()) return false;
  if (canonicalText(names(wanted)) !== canonicalText(names(actual))) return false;
  return canonicalText(fixed(wanted)) === canonicalText(fixed(actual));
}
