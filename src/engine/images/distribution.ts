/** `GET /distribution/{name}/json`: what a registry holds under a name, without pulling it. */

import type { CallOptions, DistributionInspect, Engine } from "../api.ts";
import type { Platform } from "../daemon/rooms.ts";
import { formatReference } from "../reference.ts";
import { openRegistry } from "../registry/open-registry.ts";
import { readBlob } from "../registry/read-blob.ts";
import { decodeImageConfig } from "./image-config.ts";
import { isAttestation } from "./manifest.ts";
import { reference as readReference } from "./references.ts";
import { bad, fetchManifest } from "./resolve-manifest.ts";
import type { ImagesRoom } from "./room.ts";

/** EngineError 404 where the registry has no such thing. */
export async function inspectDistribution(
  room: ImagesRoom,
  { name, auth }: Parameters<Engine["distributionInspect"]>[0],
  { signal = new AbortController().signal }: CallOptions = {},
): Promise<DistributionInspect> {
  const reference = readReference(name);
  const registry = openRegistry(reference.registry, { options: room.registries, auth, signal });
  try {
    const { manifest, digest, size } = await fetchManifest(registry, reference);
    const platforms: Platform[] = [];
    if (manifest.kind === "index") {
      for (const one of manifest.manifests)
        if (one.platform !== undefined && !isAttestation(one)) platforms.push(one.platform);
    } else {
      const config = await readBlob(registry, reference.repository, manifest.config, signal);
      try {
        platforms.push(decodeImageConfig(config.toString("utf8")).platform);
      } catch (error) {
        throw bad(formatReference(reference), error);
      }
    }
    return { Descriptor: { mediaType: manifest.mediaType, digest, size }, Platforms: platforms };
  } finally {
    registry.close();
  }
}
