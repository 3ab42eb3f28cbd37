import type { Service } from "../compose/model.ts";
import type { ContainerSummary, NetworkResource } from "../engine/api.ts";
import { type ContainerSpec, endpointsOf } from "./body-facts.ts";
import { isRunning } from "./containers.ts";
import { describeChange, difference } from "./diff.ts";
import { labels } from "./labels.ts";
import { parentServices, readVolumesFrom, sharedNamespace } from "./namespaces.ts";
import type { ObservedContainer, ObservedImage } from "./plan.ts";

export interface RecreateFacts {
  readonly service: Service;
  readonly spec: ContainerSpec;
  readonly container: ObservedContainer;
  /** The image that the service names now; undefined when it is not known. */
  readonly image: ObservedImage | undefined;
  /** Networks that exist and stay; one that the plan creates or replaces is not among them. */
  readonly networks: readonly NetworkResource[];
  /** Services whose container the plan replaces. */
  readonly recreated: ReadonlySet<string>;
}

/**
 * Why a container must be replaced by a new one, or undefined when it may stay. In docker compose's order: the parent
 * of a shared namespace, the configuration, the image, a network, a volume.
 */
export function recreateReason(facts: RecreateFacts): string | undefined {
  const { service, spec, container, image } = facts;
  const parent = parentServices(service).find((name) => facts.recreated.has(name));
  if (parent !== undefined) return `"${parent}" is recreated`;
  const stale = staleParent(facts);
  if (stale !== undefined) return `it is bound to a container of "${stale}" that is gone`;
  const { recreate } = difference(spec, container, image);
  if (recreate.length > 0) return describeChange(recreate);
  if (image !== undefined && hasOtherImage(container.summary, image)) return "image changed";
  const mounted = spec.body.Labels?.[labels.imageVolumes];
  const before = container.summary.Labels[labels.imageVolumes];
  if (mounted !== undefined && before !== undefined && mounted !== before) return "mounted image changed";
  const [network] = missingNetworks(spec, container, facts.networks);
  return network === undefined ? volumeReason(spec, container.summary) : `not attached to ${network}`;
}

/** The first parent service whose container is not the one that the container was bound to when it was made. */
function staleParent({ service, spec, container: { inspect } }: RecreateFacts): string | undefined {
  const [wanted, actual] = [spec.body.HostConfig, inspect?.HostConfig];
  if (wanted === undefined || actual === undefined) return undefined;
  for (const [attribute, property] of shared) {
    const parent = sharedNamespace(service[attribute]);
    if (parent !== undefined && wanted[property] !== actual[property]) return parent;
  }
  // docker compose drops the mode of `volumes_from: [db:ro]`: only the containers count.
  const containerOf = (entry: string) => entry.replace(/:.*$/, "");
  const mounted = new Set(actual.VolumesFrom?.map(containerOf));
  const index = wanted.VolumesFrom?.findIndex((entry) => !mounted.has(containerOf(entry))) ?? -1;
  return index === -1 ? undefined : readVolumesFrom(service.volumes_from?.[index] ?? "").service;
}

const shared = [
  ["network_mode", "NetworkMode"],
  ["ipc", "IpcMode"],
  ["pid", "PidMode"],
] as const;

/** Either the engine's own word or the label that docker compose left (a platform's manifest) may match. */
function hasOtherImage(summary: ContainerSummary, image: ObservedImage): boolean {
  return summary.ImageID !== image.id && summary.Labels[labels.image] !== image.id;
}

/**
 * The wanted networks that a container is not on. One that was never started may know its networks by name only; one that has the id of a network that is gone
 * cannot start. One that lacks a network was left before it was connected, or somebody took it off.
 */
export function missingNetworks(
  spec: ContainerSpec,
  { summary }: ObservedContainer,
  networks: readonly NetworkResource[],
): readonly string[] {
  const attached = Object.entries(summary.NetworkSettings?.Networks ?? {});
  const running = isRunning({ summary });
  const names = endpointsOf(spec).map(({ network }) => network);
  return names.filter((name) => {
    const network = networks.find(({ Name, Id }) => Name === name || Id === name);
    return !attached.some(([key, { NetworkID: id }]) =>
      id ? id === network?.Id || id === network?.Name : !running && (key === name || key === network?.Name),
    );
  });
}

function volumeReason({ body }: ContainerSpec, { Mounts: mounted }: ContainerSummary): string | undefined {
  const named = (body.HostConfig?.Mounts ?? []).flatMap(({ Type, Source, Target }) =>
    Type === "volume" && Source !== undefined ? [{ source: Source, target: Target }] : [],
  );
  for (const bind of body.HostConfig?.Binds ?? []) {
    const [source = "", target = ""] = bind.split(":");
    if (!source.startsWith("/")) named.push({ source, target });
  }
  for (const { source, target } of named) {
    const there = mounted.some(
      ({ Type, Name, Destination }) => Type === "volume" && Name === source && Destination === target,
    );
    if (!there) return `volume ${source} is not mounted at ${target}`;
  }
  return undefined;
}
