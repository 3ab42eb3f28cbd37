import { digestOf } from "../../engine/digest.ts";
import { formatReference, type ImageReference } from "../../engine/reference.ts";
import { pushFailure, readFailure } from "../../engine/registry/failure.ts";
import type { Registry } from "../../engine/registry/open-registry.ts";
import { upload } from "../../engine/registry/upload.ts";
import { oldConfigType, projectType } from "../remote/artifact-types.ts";
import type { ArtifactLayer } from "./artifact-layers.ts";

export type OciVersion = "1.0" | "1.1";

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly artifactType?: string;
}

const manifestType = "application/vnd.oci.image.manifest.v1+json";
const emptyType = "application/vnd.oci.empty.v1+json";
const empty = "{}";

/**
 * Sends files to a registry as one artifact, and gives its manifest's descriptor. Without a version it is one of OCI 1.1 or,
 * for a registry that refuses those, of OCI 1.0. Throws EngineError with what the registry says.
 * Source: OCI image-spec, "Guidelines for Artifact Usage"; docker compose, internal/oci.
 */
export async function pushArtifact(
  registry: Registry,
  reference: ImageReference,
  layers: readonly ArtifactLayer[],
  { version, created }: { readonly version?: OciVersion | undefined; readonly created: Date },
): Promise<Descriptor> {
  const contents = [{ digest: digestOf(empty), size: empty.length, content: empty }, ...layers];
  for (const { digest, size, content } of contents) {
    await upload(registry, reference.repository, { digest, size, read: () => Buffer.from(content) });
  }
  const put = (one: OciVersion) => putArtifact(registry, reference, layers, one, created);
  if (version !== undefined) return expectTaken(await put(version), reference);
  const newest = await put("1.1");
  const isRefused = newest.response.status >= 400 && newest.response.status < 500;
  if (!isRefused || [401, 403, 407].includes(newest.response.status)) return expectTaken(newest, reference);
  newest.response.discard();
  return expectTaken(await put("1.0"), reference);
}

interface Put {
  readonly response: Awaited<ReturnType<Registry["request"]>>;
  readonly descriptor: Descriptor;
}

async function expectTaken({ response, descriptor }: Put, reference: ImageReference): Promise<Descriptor> {
  if (response.status !== 201) throw pushFailure(await readFailure(response), formatReference(reference));
  response.discard();
  return descriptor;
}

function putArtifact(
  registry: Registry,
  reference: ImageReference,
  layers: readonly ArtifactLayer[],
  version: OciVersion,
  created: Date,
): Promise<Put> {
  const config = {
    mediaType: version === "1.1" ? emptyType : oldConfigType,
    digest: digestOf(empty),
    size: empty.length,
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestType,
    ...(version === "1.1" && { artifactType: projectType }),
    config,
    layers: layers.map(({ mediaType, digest, size, annotations }) => ({ mediaType, digest, size, annotations })),
    annotations: { "org.opencontainers.image.created": created.toISOString().replace(/\.\d+Z$/, "Z") },
  };
  return put(registry, reference, reference.tag ?? "latest", manifestType, JSON.stringify(manifest));
}

/** Puts a manifest under a tag or a digest; whether it was taken is the caller's to see. */
async function put(
  registry: Registry,
  { repository }: ImageReference,
  name: string,
  mediaType: string,
  text: string,
): Promise<Put> {
  const response = await registry.request({
    method: "PUT",
    path: `/v2/${repository}/manifests/${name}`,
    headers: { "Content-Type": mediaType },
    body: () => Buffer.from(text),
    scope: { repository, actions: ["pull", "push"] },
  });
  const descriptor = { mediaType, digest: digestOf(text), size: Buffer.byteLength(text) };
  return { response, descriptor };
}

/** Puts a manifest that is there already as text under its digest. Throws EngineError with what the registry says. */
export async function putManifest(
  registry: Registry,
  reference: ImageReference,
  mediaType: string,
  text: string,
): Promise<Descriptor> {
  return expectTaken(await put(registry, reference, digestOf(text), mediaType, text), reference);
}
