import type { Service } from "../compose/model.ts";
import type { ContainerSummary, NetworkResource } from "../engine/api.ts";
import type { ContainerSpec } from "./body-facts.ts";
import { describeChange, difference } from "./diff.ts";
import { labels } from "./labels.ts";
import { parentServices } from "./namespaces.ts";
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
  const { recreate } = difference(spec, container, image);
  if (recreate.length > 0) return describeChange(recreate);
  if (image !== undefined && hasOtherImage(container.summary, image)) return "image changed";
  const mounted = spec.body.Labels?.[labels.imageVolumes];
  const before = container.summary.Labels[labels.imageVolumes];
  if (mounted !== undefined && before !== undefined && mounted !== before) return "mounted image changed";
  return networkReason(facts) ?? volumeReason(spec, container.summary);
}

/** Either the engine's own word or the label that docker compose left (a platform's manifest) may match. */
function hasOtherImage(summary: ContainerSummary, image: ObservedImage): boolean {
  return summary.ImageID !== image.id && summary.Labels[labels.image] !== image.id;
}

/** A container that does not run may have no network id; one that has an id of a network that is gone cannot start. */
function networkReason({ spec, container, networks }: RecreateFacts): string | undefined {
  const attached = Object.values(container.summary.NetworkSettings?.Networks ?? {});
  const running = ["running", "paused", "restarting"].includes(container.summary.State);
  if (!running && attached.every((endpoint) => !endpoint.NetworkID)) return undefined;
  const names = [
    ...Object.keys(spec.body.NetworkingConfig?.EndpointsConfig ?? {}),
    ...spec.connect.map(({ network }) => network),
  ];
  for (const name of names) {
    const network = networks.find(({ Name, Id }) => Name === name || Id === name);
    if (!attached.some((endpoint) => endpoint.NetworkID === network?.Id && network !== undefined)) {
      return `not attached to ${name}`;
    }
  }
  return undefined;
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
