/** Images as the API shows them. */

import type { GraphDriver, ImageHistoryEntry, ImageInspect, ImageSummary } from "../api.ts";
import type { Image } from "./catalog.ts";
import { hasDigest } from "./references.ts";

/** What is shown beside what the image says of itself. */
export interface ImageFacts {
  /** `name:tag` and `name@digest`. */
  readonly references: readonly string[];
  readonly size: number;
  /** The directories of its layers, the lowest first. */
  readonly directories: readonly string[];
  readonly layerSizes: readonly number[];
}

export function summarize(
  image: Image,
  { references, size }: ImageFacts,
  containers: number,
  sharedSize = -1,
): ImageSummary {
  return {
    Id: image.id,
    ParentId: image.parent ?? "",
    RepoTags: references.filter((reference) => !hasDigest(reference)),
    RepoDigests: references.filter(hasDigest),
    Created: unixSeconds(image.config.created),
    Size: size,
    SharedSize: sharedSize,
    Labels: image.config.config.Labels ?? null,
    Containers: containers,
  };
}

export function inspect(image: Image, { references, size, directories }: ImageFacts): ImageInspect {
  const { platform, config, author, comment, dockerVersion, created, diffIds } = image.config;
  return {
    Id: image.id,
    RepoTags: references.filter((reference) => !hasDigest(reference)),
    RepoDigests: references.filter(hasDigest),
    Parent: image.parent ?? "",
    Comment: comment ?? "",
    Created: created ?? zeroTime,
    DockerVersion: dockerVersion ?? "",
    Author: author ?? "",
    Config: config,
    Architecture: platform.architecture,
    ...(platform.variant !== undefined && { Variant: platform.variant }),
    Os: platform.os,
    Size: size,
    GraphDriver: overlayDriver(directories),
    RootFS: { Type: "layers", ...(diffIds.length > 0 && { Layers: diffIds }) },
    Metadata: { LastTagTime: image.lastTagged ?? zeroTime },
  };
}

/** The latest step first. Steps that made no layer have the size 0. */
export function describeHistory(image: Image, { references, layerSizes }: ImageFacts): ImageHistoryEntry[] {
  let layer = 0;
  const entries = image.config.history.map((step) => ({
    Id: "<missing>",
    Created: unixSeconds(step.created),
    CreatedBy: step.created_by ?? "",
    Tags: null,
    Size: step.empty_layer === true ? 0 : (layerSizes[layer++] ?? 0),
    Comment: step.comment ?? "",
  }));
  const tags = references.filter((reference) => !hasDigest(reference));
  return entries
    .reverse()
    .map((entry, i) => (i === 0 ? { ...entry, Id: image.id, Tags: tags.length > 0 ? tags : null } : entry));
}

export const zeroTime = "0001-01-01T00:00:00Z";

export function unixSeconds(time: string | undefined): number {
  const milliseconds = time === undefined ? Number.NaN : Date.parse(time);
  // What Go makes of a time that is not there.
  return Number.isNaN(milliseconds) ? -62135596800 : Math.floor(milliseconds / 1000);
}

function overlayDriver(directories: readonly string[]): GraphDriver {
  const [upper, ...lowers] = directories.toReversed();
  if (upper === undefined) return { Name: "overlay2", Data: null };
  return { Name: "overlay2", Data: { ...(lowers.length > 0 && { LowerDir: lowers.join(":") }), UpperDir: upper } };
}
