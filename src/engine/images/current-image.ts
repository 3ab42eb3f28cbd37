/** What is here already under a name, where its registry still means the same by it. */

import type { Platform } from "../daemon/rooms.ts";
import { familiarName, formatReference, type ImageReference } from "../reference.ts";
import type { Registry } from "../registry/open-registry.ts";
import { headManifest } from "../registry/read-manifest.ts";
import type { Image } from "./catalog.ts";
import { platformMatches } from "./platform.ts";
import type { ImagesRoom } from "./room.ts";

export interface CurrentImage {
  readonly image: Image;
  /** Of the manifest that the registry has under the name. */
  readonly digest: string;
}

/**
 * Undefined where there is no such image for the platform here, or the registry has another. Only the digest is asked for:
 * registries that count pulls do not count that.
 */
export async function currentImage(
  { catalog, layers }: ImagesRoom,
  registry: Registry,
  reference: ImageReference,
  wanted: Platform,
): Promise<CurrentImage | undefined> {
  const image = catalog.named(formatReference(reference));
  if (image === undefined || !platformMatches(image.config.platform, wanted)) return undefined;
  if (image.diffIds.some((diffId) => layers.get(diffId) === undefined)) return undefined;
  const digest = await headManifest(registry, reference);
  if (digest === undefined) return undefined;
  return catalog.named(`${familiarName(reference)}@${digest}`)?.id === image.id ? { image, digest } : undefined;
}
