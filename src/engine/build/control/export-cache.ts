/**
 * `cache_to`: what a build leaves for builds elsewhere. Inline: the image itself says by which keys its layers were made.
 * At a registry: the same image, under a name of its own. Source: moby/buildkit, cache/remotecache.
 */

import type { RegistryAuth } from "../../api.ts";
import type { Image } from "../../images/catalog.ts";
import { pushAs } from "../../images/push.ts";
import { reference as readReference } from "../../images/references.ts";
import type { ImagesRoom } from "../../images/room.ts";
import { badRequest } from "../../refusal.ts";

export interface CacheExport {
  readonly type: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** EngineError 400 for a place where this engine leaves no cache. */
export function refuseStrangeCaches(exports: readonly CacheExport[]): void {
  for (const { type, attributes } of exports) {
    if (type !== "inline" && type !== "registry")
      throw badRequest(`cache export to type=${type} is not supported: expected type=inline, or type=registry,ref=…`);
    if (type === "registry" && !attributes.get("ref")) throw badRequest("cache export to type=registry needs a ref=…");
    if ((attributes.get("mode") ?? "min") !== "min")
      throw badRequest(
        `cache export with mode=${attributes.get("mode")} is not supported: only mode=min, the image's own steps`,
      );
  }
}

/** The older way to ask for a cache in the image: a build argument. */
export const asksForInlineCache = (args: ReadonlyMap<string, string>): boolean =>
  /^(1|t|true)$/i.test(args.get("BUILDKIT_INLINE_CACHE") ?? "");

/** Sends the image to wherever its cache is wanted. */
export async function exportCaches(
  room: ImagesRoom,
  image: Image,
  exports: readonly CacheExport[],
  {
    signal,
    credentials,
  }: {
    readonly signal: AbortSignal;
    readonly credentials: (registry: string) => Promise<RegistryAuth | undefined>;
  },
): Promise<void> {
  for (const { type, attributes } of exports) {
    if (type !== "registry") continue;
    const reference = readReference(attributes.get("ref") ?? "");
    await pushAs(room, image, reference, { auth: await credentials(reference.registry), signal });
  }
}
