import type { ImageReference } from "../../engine/reference.ts";
import { fetchBlob } from "../../engine/registry/fetch-blob.ts";
import type { Registry } from "../../engine/registry/open-registry.ts";
import { readManifest } from "../../engine/registry/read-manifest.ts";
import { upload } from "../../engine/registry/upload.ts";
import { GantryError } from "../../errors.ts";
import { type Descriptor, putManifest } from "./push-artifact.ts";

export interface Place {
  readonly registry: Registry;
  readonly reference: ImageReference;
}

interface Listed {
  readonly mediaType?: string;
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
  readonly manifests?: readonly Descriptor[];
}

/**
 * Copies an image, of every platform, to another repository, without an engine; gives its manifest's descriptor. A registry
 * that has a layer in the other repository already takes it over. Throws EngineError with what a registry says.
 */
export async function copyImage(from: Place, to: Place, signal: AbortSignal): Promise<Descriptor> {
  const { text, contentType } = await readManifest(from.registry, from.reference);
  const manifest = parse(text, from.reference);
  for (const { digest } of manifest.manifests ?? []) {
    const { registry, repository } = from.reference;
    await copyImage({ ...from, reference: { registry, repository, digest } }, to, signal);
  }
  const isSame = from.reference.registry === to.reference.registry;
  const others = isSame ? [from.reference.repository] : [];
  for (const { digest, size } of [...(manifest.config ? [manifest.config] : []), ...(manifest.layers ?? [])]) {
    const read = () => fetchBlob(from.registry, from.reference.repository, { digest, size }, signal);
    await upload(to.registry, to.reference.repository, { digest, size, read }, others);
  }
  return putManifest(to.registry, to.reference, manifest.mediaType ?? contentType ?? "", text);
}

function parse(text: string, { repository }: ImageReference): Listed {
  try {
    const manifest: Listed = JSON.parse(text);
    if (typeof manifest === "object" && manifest !== null) return manifest;
  } catch {
    // Not even JSON: the same answer.
  }
  throw new GantryError(`the manifest of ${repository} is not sound`);
}
