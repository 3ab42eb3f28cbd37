/** What a reference stands for at its registry: checked against the digests that lead to it. */

import { type EngineError, GantryError } from "../../errors.ts";
import type { Platform } from "../daemon/rooms.ts";
import { formatReference, type ImageReference } from "../reference.ts";
import { internal, notFound } from "../refusal.ts";
import type { Registry } from "../registry/open-registry.ts";
import { readManifest } from "../registry/read-manifest.ts";
import { choose, decodeManifest, type Manifest } from "./manifest.ts";
import { formatPlatform } from "./platform.ts";

export interface FetchedManifest {
  readonly manifest: Manifest;
  readonly digest: string;
  readonly size: number;
}

/** EngineError 404, 500 in docker's words. */
export async function fetchManifest(registry: Registry, reference: ImageReference): Promise<FetchedManifest> {
  const { text, digest, contentType } = await readManifest(registry, reference);
  try {
    return { manifest: decodeManifest(text, contentType), digest, size: Buffer.byteLength(text) };
  } catch (error) {
    throw bad(formatReference(reference), error);
  }
}

/** The image of an index that serves a platform; an image's manifest itself as it is. */
export async function imageManifest(
  registry: Registry,
  reference: ImageReference,
  top: FetchedManifest,
  platform: Platform,
): Promise<Extract<Manifest, { kind: "image" }>> {
  let { manifest } = top;
  for (let depth = 0; manifest.kind === "index"; depth++) {
    const chosen = choose(manifest.manifests, platform);
    if (chosen === undefined) {
      throw notFound(
        `no matching manifest for ${formatPlatform(platform)} in the manifest list entries of ${formatReference(reference)}`,
      );
    }
    if (depth > 2) throw bad(formatReference(reference), new Error("its index leads to indexes without end"));
    ({ manifest } = await fetchManifest(registry, { ...reference, digest: chosen.digest }));
  }
  return manifest;
}

/** What a registry sent makes no image. */
export function bad(shown: string, error: unknown): EngineError {
  if (error instanceof GantryError && "status" in error) return error as EngineError;
  return internal(`${shown} cannot be used: ${error instanceof Error ? error.message : String(error)}`, error);
}
