/**
 * `cache_from`: images whose steps need not be done again. One that was built with an inline cache says by which keys its layers
 * were made, and so serves every step. Of any other only the texts of its steps are known: that is enough for RUN, whose text and
 * whose files before it say all; not for COPY, whose text says nothing of what was copied.
 */

import { EngineError } from "../../errors.ts";
import type { RegistryAuth } from "../api.ts";
import type { Platform } from "../daemon/rooms.ts";
import { isDigest } from "../digest.ts";
import type { Image } from "../images/catalog.ts";
import { pullForBuild } from "../images/pull.ts";
import { reference as readReference } from "../images/references.ts";
import type { ImagesRoom } from "../images/room.ts";

export interface ImageStep {
  /** Absent: it made no layer. */
  readonly diffId?: string;
  /** RFC 3339. */
  readonly created: string;
}

/** A step of a stage, by the key of the build cache. */
export interface KeyedStep extends ImageStep {
  readonly key: string;
}

export interface CacheSources {
  readonly images: ImagesRoom;
  readonly platform: Platform;
  readonly signal: AbortSignal;
  readonly credentials: (registry: string) => Promise<RegistryAuth | undefined>;
  /** Told of an image that is not to be had: the build goes on without it. */
  readonly warn: (text: string) => void;
}

/** Those that are here, and those that their registries have. */
export async function cacheImages(names: readonly string[], sources: CacheSources): Promise<readonly Image[]> {
  const found = await Promise.all(names.map((name) => cacheImage(name, sources)));
  return found.filter((image) => image !== undefined);
}

async function cacheImage(name: string, { images, warn, ...sources }: CacheSources): Promise<Image | undefined> {
  const here = find(images, name);
  if (here !== undefined) return here;
  try {
    const { platform, signal } = sources;
    const auth = await sources.credentials(readReference(name).registry);
    await pullForBuild(images, name, { platform, auth, signal }, () => {});
    return find(images, name);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    warn(`the cache "${name}" cannot be had: ${error.message}`);
    return undefined;
  }
}

function find({ catalog }: ImagesRoom, name: string): Image | undefined {
  try {
    return catalog.find(name);
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

/** The layer that an image has upon these, if it was made by a step of that text. Pure. */
export function findStep(
  images: readonly Image[],
  below: readonly string[],
  description: string,
): ImageStep | undefined {
  for (const { config } of images) {
    if (!below.every((diffId, i) => config.diffIds[i] === diffId)) continue;
    const step = config.history.filter(({ empty_layer }) => empty_layer !== true)[below.length];
    const diffId = config.diffIds[below.length];
    if (diffId !== undefined && step?.created_by === description) {
      return { diffId, created: step.created ?? config.created ?? "" };
    }
  }
  return undefined;
}

/** The attribute of an image's config that its inline cache is. */
export const inlineCacheName = "dev.gantry.cache.v1";

/** What an image says of the step of that key. Pure. */
export function findKeyedStep(images: readonly Image[], key: string): ImageStep | undefined {
  for (const image of images) {
    const step = keyedSteps(image).get(key);
    if (step !== undefined) return step;
  }
  return undefined;
}

const known = new WeakMap<Image, ReadonlyMap<string, ImageStep>>();

/** What is no step, or names a layer that the image does not have, is left out. */
function keyedSteps(image: Image): ReadonlyMap<string, ImageStep> {
  const before = known.get(image);
  if (before !== undefined) return before;
  const steps = new Map<string, ImageStep>();
  const listed: unknown = image.text.includes(inlineCacheName) ? JSON.parse(image.text)[inlineCacheName] : undefined;
  for (const one of Array.isArray(listed) ? listed : []) {
    const { key, diffId, created } = (one ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof key !== "string" || typeof created !== "string") continue;
    if (diffId === undefined) steps.set(key, { created });
    else if (typeof diffId === "string" && isDigest(diffId) && image.diffIds.includes(diffId))
      steps.set(key, { diffId, created });
  }
  known.set(image, steps);
  return steps;
}
