import type { Network, ProjectModel } from "../compose/model.ts";
import type { NetworkCreateBody, NetworkResource } from "../engine/api.ts";
import { supports } from "./api-version.ts";
import { canonicalText, sha256 } from "./fields.ts";
import { labels } from "./labels.ts";
import { listOf, present, recordOf } from "./present.ts";

export interface NetworkFacts {
  readonly project: ProjectModel;
  /** The network's key in the project. */
  readonly key: string;
  readonly network: Network;
  readonly apiVersion: string;
  readonly version: string;
}

/** What is sent to the engine to create a network of the project, with the labels by which docker compose finds it. */
export function networkBody({ project, key, network, apiVersion, version }: NetworkFacts): NetworkCreateBody {
  return present<NetworkCreateBody>({
    Name: network.name,
    // Engines below API 1.44 would make a second network of the same name.
    CheckDuplicate: supports(apiVersion, "1.44") ? undefined : true,
    Driver: network.driver,
    Internal: network.internal,
    Attachable: network.attachable,
    EnableIPv4: supports(apiVersion, "1.48") ? network.enable_ipv4 : undefined,
    EnableIPv6: network.enable_ipv6,
    IPAM: ipamOf(network),
    Options: recordOf(network.driver_opts),
    Labels: Object.fromEntries([
      ...(network.labels ?? []),
      [labels.network, key],
      [labels.project, project.name],
      [labels.version, version],
      [labels.configHash, networkHash(network)],
    ]),
  });
}

/** Whether the engine leaves out what the network asks for: `enable_ipv4: false` needs API 1.48. */
export function networkNeeds({ network, apiVersion }: NetworkFacts): string | undefined {
  if (network.enable_ipv4 !== false || supports(apiVersion, "1.48")) return undefined;
  return `enable_ipv4: false needs an engine with API 1.48, this one speaks ${apiVersion}`;
}

/** sha256 in hex over all that a network is made from. */
export function networkHash(network: Network): string {
  return sha256(`network\0${canonicalText({ ...network, driver: network.driver ?? "bridge" })}`);
}

/**
 * In what a network on the engine differs from the model: names of fields (`driver`, `ipam`, `labels.x`), empty when it
 * may be used as it is. Our own hash decides where it is there; a network that docker compose made has another hash, and
 * is compared by what it is.
 */
export function networkDivergence(network: Network, resource: NetworkResource): readonly string[] {
  if (network.external || resource.Labels?.[labels.configHash] === networkHash(network)) return [];
  const fields: string[] = [];
  const differs = (field: string, wanted: unknown, actual: unknown) => {
    if (wanted !== actual) fields.push(field);
  };
  differs("driver", network.driver ?? "bridge", resource.Driver);
  differs("internal", network.internal ?? false, resource.Internal ?? false);
  differs("attachable", network.attachable ?? false, resource.Attachable ?? false);
  differs("enable_ipv6", network.enable_ipv6 ?? false, resource.EnableIPv6 ?? false);
  differs("enable_ipv4", network.enable_ipv4 ?? true, resource.EnableIPv4 ?? true);
  differs("ipam.driver", network.ipam?.driver ?? "default", resource.IPAM?.Driver ?? "default");
  if (!hasPools(network, resource)) fields.push("ipam.config");
  fields.push(...recordDiff("ipam.options", network.ipam?.options, resource.IPAM?.Options));
  fields.push(...recordDiff("driver_opts", network.driver_opts, withoutEngineOptions(network, resource.Options)));
  fields.push(...recordDiff("labels", network.labels, withoutToolLabels(resource.Labels)));
  return fields.sort();
}

function ipamOf({ ipam }: Network): NetworkCreateBody["IPAM"] {
  if (ipam === undefined) return undefined;
  const pools = ipam.config?.map(({ subnet, gateway, ip_range, aux_addresses }) =>
    present<Pool>({
      Subnet: subnet,
      Gateway: gateway,
      IPRange: ip_range,
      AuxiliaryAddresses: recordOf(aux_addresses),
    }),
  );
  const body = present<NonNullable<NetworkCreateBody["IPAM"]>>({
    Driver: ipam.driver,
    Config: listOf(pools),
    Options: recordOf(ipam.options),
  });
  return Object.keys(body).length === 0 ? undefined : body;
}

type Pool = NonNullable<NonNullable<NetworkCreateBody["IPAM"]>["Config"]>[number];

/** Every wanted pool is there as wanted; pools that nobody asked for are the engine's choice, unless some were asked for. */
function hasPools(network: Network, resource: NetworkResource): boolean {
  const wanted = ipamOf(network)?.Config ?? [];
  const actual = resource.IPAM?.Config ?? [];
  return wanted.every((pool) =>
    actual.some((there) =>
      (["Subnet", "Gateway", "IPRange", "AuxiliaryAddresses"] as const).every(
        (key) => pool[key] === undefined || canonicalText(pool[key]) === canonicalText(there[key]),
      ),
    ),
  );
}

/** dockerd adds its own choice of these to a network that was made without them. */
function withoutEngineOptions(
  { driver_opts }: Network,
  options: NetworkResource["Options"],
): Readonly<Record<string, string>> {
  const own = /^com\.docker\.network\.(enable_ipv[46]|bridge\.name|driver\.mtu)$/;
  return Object.fromEntries(Object.entries(options ?? {}).filter(([key]) => driver_opts?.has(key) || !own.test(key)));
}

/** Labels without those that the tools put there themselves. */
export function withoutToolLabels(all: NetworkResource["Labels"]): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(all ?? {}).filter(([key]) => !key.startsWith("com.docker.compose.")));
}

/** `field.key` for each key that is added, missing or different. */
export function recordDiff(
  field: string,
  wanted: ReadonlyMap<string, string> | undefined,
  actual: Readonly<Record<string, string>> | null | undefined,
): readonly string[] {
  const [want, have] = [wanted ?? new Map<string, string>(), new Map(Object.entries(actual ?? {}))];
  return [...new Set([...want.keys(), ...have.keys()])]
    .filter((key) => want.get(key) !== have.get(key))
    .map((key) => `${field}.${key}`);
}
