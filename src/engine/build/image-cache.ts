/**
 * `cachefrom`: images whose steps need not be done again. Of an image only the texts of its steps are known: that is enough
 * for RUN, whose text and whose files before it say all; not for COPY, whose text says nothing of what was copied.
 */

import { EngineError } from "../../errors.ts";
import type { Image } from "../images/catalog.ts";
import type { ImagesRoom } from "../images/open-images.ts";

export interface ImageStep {
  readonly diffId: string;
  /** RFC 3339. */
  readonly created: string;
}

/** Those that are here; the others are no help. */
export function cacheImages({ catalog }: ImagesRoom, names: readonly string[]): readonly Image[] {
  return names.flatMap((name) => {
    try {
      return [catalog.find(name)];
    } catch (error) {
      if (error instanceof EngineError) return [];
      throw error;
    }
  });
}

/** The layer that an image has upon these, if it was made by a step of that text. Pure. */
export function findStep(
  images: readonly Image[],
  below: readonly string[],
  description: string,
): ImageStep | undefined {
  for (const { config } of images) {
    if (!below.every((diffId, i) => config.diffIds[i] === diffId)) continue;
    const step = config.history.filter(({ empty_layer }) => empty_layer !== true)[below.length];
    const diffId = config.diffIds[below.length];
    if (diffId !== undefined && step?.created_by === description) {
      return { diffId, created: step.created ?? config.created ?? "" };
    }
  }
  return undefined;
}
