/** A stage as an image, under its names. */

import type { Image } from "../images/catalog.ts";
import { encodeImageConfig, type ImageHistory } from "../images/image-config.ts";
import type { StageResult } from "./build.ts";
import type { BuildRoom } from "./build-image.ts";
import { inlineCacheName } from "./image-cache.ts";

export interface ImageWishes {
  readonly labels: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  /** Its config says by which keys its layers were made. */
  readonly inlineCache?: boolean;
}

/** Takes the image of a stage in, and gives it its names, `name:tag` in short form. */
export async function makeImage(
  { images }: BuildRoom,
  stage: StageResult,
  { labels, tags, inlineCache = false }: ImageWishes,
): Promise<Image> {
  const image = await images.catalog.register(imageConfigOf(stage, labels, inlineCache));
  for (const tag of tags) {
    await images.catalog.tag(tag, image.id);
    images.tell("tag", image, tag);
  }
  return image;
}

/** The same stage is the same image, whenever it is built: no time is in it but those of its steps. */
export function imageConfigOf(
  stage: StageResult,
  labels: Readonly<Record<string, string>>,
  inlineCache = false,
): string {
  const history = withTimes(stage);
  const all = new Map([...Object.entries(stage.config.Labels ?? {}), ...Object.entries(labels)]);
  const text = encodeImageConfig({
    platform: stage.platform,
    config: all.size === 0 ? stage.config : { ...stage.config, Labels: Object.fromEntries(all) },
    diffIds: stage.diffIds,
    history,
    created: history.at(-1)?.created ?? stage.created ?? beginning,
    ...(stage.author !== undefined && { author: stage.author }),
  });
  if (!inlineCache) return text;
  return JSON.stringify({ ...JSON.parse(text), [inlineCacheName]: stage.steps });
}

const beginning = "1970-01-01T00:00:00Z";

/** A step without a time was done with the one before it, or the first one that has one. */
function withTimes({ history, created }: StageResult): readonly ImageHistory[] {
  let time = history.find((step) => step.created !== undefined)?.created ?? created ?? beginning;
  return history.map((step) => {
    time = step.created ?? time;
    return { ...step, created: time };
  });
}
