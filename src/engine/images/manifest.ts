/** Manifests and indexes, as registries and archives hold them. Source: OCI image-spec; distribution, "Image Manifest V 2, Schema 2". Pure. */

import type { Platform } from "../daemon/rooms.ts";
import { isDigest } from "../digest.ts";
import { rank } from "./platform.ts";

export const layerMediaType = "application/vnd.oci.image.layer.v1.tar";
export const dockerLayerMediaType = "application/vnd.docker.image.rootfs.diff.tar.gzip";
export const dockerConfigMediaType = "application/vnd.docker.container.image.v1+json";
export const dockerManifestMediaType = "application/vnd.docker.distribution.manifest.v2+json";
export const manifestMediaType = "application/vnd.oci.image.manifest.v1+json";
export const configMediaType = "application/vnd.oci.image.config.v1+json";
export const indexMediaType = "application/vnd.oci.image.index.v1+json";
const dockerListMediaType = "application/vnd.docker.distribution.manifest.list.v2+json";

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: Platform;
  readonly annotations?: Readonly<Record<string, string>>;
}

export type Manifest =
  | { readonly kind: "index"; readonly mediaType: string; readonly manifests: readonly Descriptor[] }
  | {
      readonly kind: "image";
      readonly mediaType: string;
      readonly config: Descriptor;
      readonly layers: readonly Descriptor[];
    };

/**
 * Reads a manifest. `contentType`: as it was sent, which must not say otherwise than the document. Throws Error, with the
 * reason, for what is none, for what is both kinds at once, and for the old kind (schema 1).
 */
export function decodeManifest(text: string, contentType?: string): Manifest {
  const top = record(JSON.parse(text));
  const sent = contentType?.split(";")[0]?.trim();
  const own = typeof top.mediaType === "string" ? top.mediaType : undefined;
  if (top.schemaVersion === 1 || sent?.includes("distribution.manifest.v1+")) {
    throw new Error("its manifest is of the old kind (schema 1), which no current tool makes: push the image again");
  }
  if (top.schemaVersion !== 2) throw new Error("it has no manifest that can be read (schemaVersion is not 2)");
  const known = sent?.includes("vnd.") ? sent : undefined;
  if (own !== undefined && known !== undefined && own !== known) {
    throw new Error(`its manifest says that it is ${own}, but was sent as ${known}`);
  }
  const isIndex = top.manifests !== undefined;
  const isImage = top.layers !== undefined || top.config !== undefined;
  if (isIndex === isImage) throw new Error("its manifest is neither that of an image nor a list of such");
  const mediaType = own ?? known ?? (isIndex ? indexMediaType : manifestMediaType);
  const saysIndex = mediaType === indexMediaType || mediaType === dockerListMediaType;
  const saysImage = mediaType === manifestMediaType || mediaType === dockerManifestMediaType;
  if (isIndex ? saysImage : saysIndex) throw new Error(`its manifest is not the ${mediaType} that it says it is`);
  if (isIndex) return { kind: "index", mediaType, manifests: list(top.manifests).map(decodeDescriptor) };
  return {
    kind: "image",
    mediaType,
    config: decodeDescriptor(top.config),
    layers: list(top.layers).map(decodeDescriptor),
  };
}

/** The manifest of an index that serves a platform best; attestations and the like are none. */
export function choose(manifests: readonly Descriptor[], wanted: Platform): Descriptor | undefined {
  let best: { readonly descriptor: Descriptor; readonly rank: number } | undefined;
  for (const descriptor of manifests) {
    if (isAttestation(descriptor)) continue;
    const found = descriptor.platform === undefined ? undefined : rank(descriptor.platform, wanted);
    if (found !== undefined && (best === undefined || found < best.rank)) best = { descriptor, rank: found };
  }
  return best?.descriptor;
}

export function isAttestation({ annotations, platform }: Descriptor): boolean {
  return annotations?.["vnd.docker.reference.type"] === "attestation-manifest" || platform?.os === "unknown";
}

function decodeDescriptor(value: unknown): Descriptor {
  const given = record(value);
  const { mediaType, digest, size } = given;
  if (typeof digest !== "string" || !isDigest(digest))
    throw new Error(`its manifest names content by something that is no sha256 digest`);
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0)
    throw new Error("its manifest names content without a size");
  const platform = given.platform === undefined ? undefined : decodePlatform(record(given.platform));
  const annotations = given.annotations === undefined ? undefined : textsOf(record(given.annotations));
  return {
    mediaType: typeof mediaType === "string" ? mediaType : "",
    digest,
    size,
    ...(platform !== undefined && { platform }),
    ...(annotations !== undefined && { annotations }),
  };
}

function decodePlatform({ os, architecture, variant }: Readonly<Record<string, unknown>>): Platform | undefined {
  if (typeof os !== "string" || typeof architecture !== "string") return undefined;
  return { os, architecture, ...(typeof variant === "string" && variant !== "" && { variant }) };
}

function textsOf(given: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given).flatMap(([key, text]) => (typeof text === "string" ? [[key, text]] : [])),
  );
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error("it has no manifest that can be read");
  return { ...value };
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value) || value.length > 1000) throw new Error("it has no manifest that can be read");
  return value;
}
