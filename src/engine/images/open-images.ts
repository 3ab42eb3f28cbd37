/** The images' room: opens what is on the disk, and answers the API's calls about images. */

import path from "node:path";
import type { ImageSummary, Labels } from "../api.ts";
import { makeFolder } from "../daemon/durable.ts";
import type { Ground } from "../daemon/ground.ts";
import type { Uses } from "../daemon/rooms.ts";
import { plainOptions, type RegistryOptions } from "../registry/hosts.ts";
import { openBlobs } from "./blobs.ts";
import { type Image, openCatalog } from "./catalog.ts";
import { describeHistory, type ImageFacts, inspect, summarize } from "./describe.ts";
import { inspectDistribution } from "./distribution.ts";
import { askedFor, listFilter } from "./filter.ts";
import { importImage } from "./import.ts";
import { type Layers, openLayers } from "./layers.ts";
import { loadImages } from "./load.ts";
import { logIn } from "./login.ts";
import { pullImage } from "./pull.ts";
import { pushImage } from "./push.ts";
import { taggedReference } from "./references.ts";
import { makeRemover } from "./remove.ts";
import type { ImageAction, ImageCalls, ImagesRoom } from "./room.ts";
import { saveImages } from "./save.ts";
import { openStore } from "./store.ts";

/** Bytes of an image's layers that other images stand on too, by the image. */
function sharedSizes(images: readonly Image[], layers: Layers): (image: Image) => number {
  const chains = ({ diffIds }: Image) => diffIds.map((_, index) => diffIds.slice(0, index + 1).join());
  const counts = new Map<string, number>();
  for (const chain of images.flatMap(chains)) counts.set(chain, (counts.get(chain) ?? 0) + 1);
  return (image) =>
    chains(image).reduce((sum, chain, index) => {
      const size = layers.get(image.diffIds[index] ?? "")?.size ?? 0;
      return (counts.get(chain) ?? 0) > 1 ? sum + size : sum;
    }, 0);
}

export async function openImages(
  ground: Ground,
  uses: Uses,
  registries: RegistryOptions = plainOptions,
): Promise<ImagesRoom> {
  const { dataRoot, events } = ground;
  await makeFolder(path.join(dataRoot, "images"));
  const blobs = await openBlobs(path.join(dataRoot, "images", "blobs", "sha256"));
  const layers = await openLayers(ground, blobs);
  const catalog = await openCatalog(ground, layers, blobs);
  const tell = (action: ImageAction, image: Image, name: string) => {
    const labels: Labels = image.config.config.Labels ?? {};
    events.publish("image", action, image.id, { ...labels, name });
  };
  const remover = makeRemover(catalog, layers, uses, (action, image) => tell(action, image, image.id));
  const factsOf = (image: Image): ImageFacts => ({
    references: catalog.referencesOf(image.id),
    size: catalog.sizeOf(image),
    directories: layers.stack(image.diffIds),
    layerSizes: image.diffIds.map((diffId) => layers.get(diffId)?.size ?? 0),
  });

  const calls: ImageCalls = {
    imageList: async ({ all = false, filters = {}, "shared-size": withShared = false }) => {
      const test = listFilter(filters, catalog);
      const parents = new Set([...catalog.images.values()].map(({ parent }) => parent));
      const sharedSize = withShared ? sharedSizes([...catalog.images.values()], layers) : () => -1;
      const summaries: ImageSummary[] = [];
      for (const image of catalog.images.values()) {
        const facts = factsOf(image);
        // What only led to another image is shown to those who ask for all.
        if (!all && facts.references.length === 0 && parents.has(image.id)) continue;
        if (!test(image, facts.references)) continue;
        const shown = { ...facts, references: askedFor(filters, facts.references) };
        summaries.push(summarize(image, shown, uses.ofImage(image.id).length, sharedSize(image)));
      }
      return summaries.sort((a, b) => b.Created - a.Created);
    },
    imageInspect: async ({ name }) => {
      const image = catalog.find(name);
      return inspect(image, factsOf(image));
    },
    imageHistory: async ({ name }) => {
      const image = catalog.find(name);
      return describeHistory(image, factsOf(image));
    },
    imageTag: async ({ name, repo, tag }) => {
      const image = catalog.find(name);
      const reference = taggedReference(repo, tag);
      await catalog.tag(reference, image.id);
      tell("tag", image, reference);
    },
    imageRemove: ({ name, force = false, noprune = false }) => remover.remove(name, { force, prune: !noprune }),
    imagePrune: async ({ filters = {} }) => {
      const answer = await remover.prune(filters);
      events.publish("image", "prune", "", { reclaimed: String(answer.SpaceReclaimed) });
      return answer;
    },
    imageImport: (args) => importImage(room, args),
    imagePull: (args, options) => pullImage(room, args, options),
    imagePush: (args, options) => pushImage(room, args, options),
    imageLoad: (args, options) => loadImages(room, args, options),
    imageSave: async ({ names }) => saveImages(room, names),
    imageSaveOne: async ({ name }) => saveImages(room, [name]),
    distributionInspect: (args, options) => inspectDistribution(room, args, options),
    registryLogin: (args, options) => logIn(room, args, options),
  };
  const room: ImagesRoom = {
    calls,
    store: openStore(catalog, layers),
    catalog,
    layers,
    blobs,
    ground,
    registries,
    pulling: new Map(),
    tell,
    sweep: async () => {
      await catalog.collect([...layers.all.keys()].map((hex) => `sha256:${hex}`));
      const known = new Set([...layers.all.values()].flatMap(({ blob }) => blob?.digest ?? []));
      for (const digest of await blobs.all()) if (!known.has(digest)) await blobs.remove(digest);
    },
  };
  return room;
}
