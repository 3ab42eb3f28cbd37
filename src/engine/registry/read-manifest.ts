/** A manifest as it is: its bytes and its digest. What it says is for others to read. */

import { digestOf } from "../digest.ts";
import { familiarName, formatReference, type ImageReference } from "../reference.ts";
import { internal } from "../refusal.ts";
import { isWebPage, pullFailure, readFailure } from "./failure.ts";
import type { Registry } from "./open-registry.ts";
import { shownUrl } from "./shown-url.ts";

export interface RawManifest {
  readonly text: string;
  /** Of the bytes; where the reference has a digest, they were checked against it. */
  readonly digest: string;
  /** As it was sent. */
  readonly contentType: string | undefined;
}

/** What gantry can read, the most wanted first. Source: OCI image-spec; distribution, "Image Manifest V 2, Schema 2". */
const accepted = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "*/*",
].join(", ");

const largest = 4 * 1024 * 1024;

/** EngineError 404 and 500, in docker's words. */
export async function readManifest(registry: Registry, reference: ImageReference): Promise<RawManifest> {
  const { digest } = reference;
  const response = await registry.request({ method: "GET", ...manifestRequest(reference) });
  if (response.status !== 200) {
    throw pullFailure(await readFailure(response), formatReference(reference), familiarName(reference));
  }
  if (isWebPage(response)) {
    const failure = { code: "NO_MANIFEST", message: "a web page", status: 200, url: shownUrl(response.url) };
    throw pullFailure(failure, formatReference(reference), familiarName(reference));
  }
  const text = await response.text(largest);
  const actual = digestOf(text);
  if (digest !== undefined && actual !== digest) {
    throw internal(`${formatReference(reference)} cannot be used: what the registry sent has the digest ${actual}`);
  }
  return { text, digest: actual, contentType: response.header("content-type") };
}

/** The digest that a tag has by now, where the registry says it; it costs no pull where pulls are counted. */
export async function headManifest(registry: Registry, reference: ImageReference): Promise<string | undefined> {
  const response = await registry.request({ method: "HEAD", ...manifestRequest(reference) });
  response.discard();
  return response.status === 200 ? response.header("docker-content-digest") : undefined;
}

function manifestRequest({ repository, digest, tag }: ImageReference) {
  return {
    path: `/v2/${repository}/manifests/${digest ?? tag ?? "latest"}`,
    headers: { Accept: accepted },
    scope: { repository, actions: ["pull"] as const },
  };
}
