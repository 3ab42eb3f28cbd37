import type { ProjectModel } from "../compose/model.ts";
import type { ContainerSummary, Engine, ImageInspect, NetworkResource, VolumeResource } from "../engine/api.ts";
import { EngineError } from "../errors.ts";
import { containersOf } from "./containers.ts";
import { bodyFacts } from "./decide.ts";
import { needsInspect } from "./diff.ts";
import { fieldDigests } from "./fields.ts";
import { labels } from "./labels.ts";
import { imageReference } from "./names.ts";
import { parentServices } from "./namespaces.ts";
import type { Observed, ObservedImage } from "./plan.ts";
import type { UpOptions } from "./up-options.ts";

/** What bears a project's label. */
export interface Labelled {
  readonly containers: readonly ContainerSummary[];
  readonly networks: readonly NetworkResource[];
  readonly volumes: readonly VolumeResource[];
}

/** Lists what bears a project's label. */
export async function listLabelled(engine: Engine, project: string): Promise<Labelled> {
  const label = [`${labels.project}=${project}`];
  const [containers, networks, volumes] = await Promise.all([
    engine.containerList({ all: true, filters: { label } }),
    engine.networkList({ filters: { label } }),
    engine.volumeList({ filters: { label } }),
  ]);
  return { containers, networks, volumes: volumes.Volumes ?? [] };
}

/**
 * Takes one snapshot of what an engine holds of a project: containers, networks and volumes by label, what the model names
 * but others made by name, and the images that its services run. Lists and images are asked for at once.
 *
 * @param model undefined: only what bears the project's label
 * @param listed what bears the label, where that was asked for already
 */
export async function observe(
  engine: Engine,
  project: string,
  model: ProjectModel | undefined,
  listed: Promise<Labelled> = listLabelled(engine, project),
): Promise<Observed> {
  const [{ containers, networks, volumes: labelled }, images] = await Promise.all([
    listed,
    observeImages(engine, model),
  ]);
  const [otherNetworks, otherVolumes] = await Promise.all([
    lookUp(namesWithout(model?.networks, networks), (id) => engine.networkInspect({ id })),
    lookUp(namesWithout(model?.volumes, labelled), (name) => engine.volumeInspect({ name })),
  ]);
  return {
    project,
    containers: containers.filter(({ Labels }) => labels.configHash in Labels).map((summary) => ({ summary })),
    hooks: containers.filter(({ Labels }) => labels.hook in Labels).map((summary) => ({ summary })),
    networks: [...networks, ...otherNetworks],
    volumes: [...labelled, ...otherVolumes],
    images,
  };
}

/**
 * Ids of the containers whose summaries do not suffice: docker compose made them, they seem to be out of date, they have
 * fields that can be changed in place, or they share a namespace or volumes with a container that may have gone.
 */
export function containersToInspect(model: ProjectModel, observed: Observed, options: UpOptions): ReadonlySet<string> {
  const wanted = new Set<string>();
  for (const service of model.services.values()) {
    const containers = containersOf(observed, service.name);
    if (containers.length === 0) continue;
    // The fields are the same for every container of a service, and so is what they are made of.
    const fields = fieldDigests(bodyFacts({ model, observed, options, service }, 1, (name) => name));
    const isBound = parentServices(service).length > 0;
    for (const container of containers) {
      if (isBound || needsInspect({ fields }, container)) wanted.add(container.summary.Id);
    }
  }
  return wanted;
}

/** Adds the inspects of those containers that the summaries do not suffice for. */
export async function inspectContainers(
  engine: Engine,
  model: ProjectModel,
  observed: Observed,
  options: UpOptions,
): Promise<Observed> {
  const wanted = containersToInspect(model, observed, options);
  if (wanted.size === 0) return observed;
  const containers = await Promise.all(
    observed.containers.map(async (container) => {
      const { Id: id } = container.summary;
      const inspect = wanted.has(id) ? await orAbsent(engine.containerInspect({ id })) : undefined;
      return inspect === undefined ? container : { ...container, inspect };
    }),
  );
  return { ...observed, containers };
}

async function observeImages(
  engine: Engine,
  model: ProjectModel | undefined,
): Promise<ReadonlyMap<string, ObservedImage>> {
  if (model === undefined) return new Map();
  const references = new Set<string>();
  for (const service of model.services.values()) {
    if (service.provider === undefined) references.add(imageReference(model, service));
    for (const { image } of service.pre_start ?? []) if (image !== undefined) references.add(image);
    for (const { type, source } of service.volumes ?? []) {
      if (type === "image" && source !== undefined) references.add(source);
    }
  }
  const inspected = await Promise.all(
    [...references].map(
      async (name) => [name, await orAbsent(engine.imageInspect({ name, manifests: true }))] as const,
    ),
  );
  return new Map(inspected.flatMap(([name, image]) => (image === undefined ? [] : [[name, readImage(image)]])));
}

function readImage({ Id, Config, Metadata, Os, Architecture, Variant, Manifests }: ImageInspect): ObservedImage {
  const others = (Manifests ?? []).flatMap(({ Available, ImageData }) =>
    Available && ImageData !== undefined ? [ImageData.Platform] : [],
  );
  const platforms = [{ os: Os, architecture: Architecture, variant: Variant }, ...others]
    .filter(({ os, architecture }) => os && architecture)
    .map(({ os, architecture, variant }) => [os, architecture, variant].filter(Boolean).join("/"));
  const tagged = Date.parse(Metadata?.LastTagTime ?? "");
  const test = Config?.Healthcheck?.Test ?? [];
  return {
    id: Id,
    ...(platforms.length > 0 && { platforms }),
    env: Config?.Env ?? [],
    volumes: Object.keys(Config?.Volumes ?? {}),
    hasHealthcheck: test.length > 0 && test[0] !== "NONE",
    ...(Config && { config: Config }),
    // Go's zero time stands for "never".
    ...(tagged > 0 && { tagged }),
  };
}

/** Names that the model uses, and that are not among what was found. */
function namesWithout(
  declared: ReadonlyMap<string, { readonly name: string }> | undefined,
  found: readonly { readonly Name: string }[],
): readonly string[] {
  const known = new Set(found.map(({ Name }) => Name));
  return [...new Set([...(declared?.values() ?? [])].map(({ name }) => name))].filter((name) => !known.has(name));
}

async function lookUp<T extends NetworkResource | VolumeResource>(
  names: readonly string[],
  find: (name: string) => Promise<T>,
): Promise<readonly T[]> {
  const found = await Promise.all(names.map((name) => orAbsent(find(name))));
  return found.filter((resource) => resource !== undefined);
}

async function orAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return undefined;
    throw error;
  }
}
