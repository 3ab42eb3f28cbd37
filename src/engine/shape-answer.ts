/** Answers as older versions of the API have them. The contract has the newest shape; this takes it back. Pure. */

import type { Engine, EngineEvent, ImageInspect, ImageSummary } from "./api.ts";
import { compareApi } from "./api-version.ts";

/** The answer of a call in the shape of an API version. Streams are shaped piece by piece. */
export function shapeAnswer(name: keyof Engine, result: unknown, apiVersion: string): unknown {
  const isBefore = (version: string) => compareApi(apiVersion, version) < 0;
  switch (name) {
    case "events":
      return mapStream(result as AsyncIterable<EngineEvent>, withOldNames);
    case "imageList":
      return (result as ImageSummary[]).map((image) => shapeSummary(image, isBefore));
    case "imageInspect": {
      const image = result as ImageInspect;
      return isBefore("1.44") ? { ...image, VirtualSize: image.Size } : image;
    }
    default:
      return result;
  }
}

/** Before 1.52 events carry their names a second time, at the top. */
function withOldNames(event: EngineEvent): unknown {
  const { Type, Action, Actor } = event;
  const from = Type === "container" ? Actor.Attributes.image : undefined;
  return Type === "container" || Type === "image"
    ? { status: Action, id: Actor.ID, ...(from !== undefined && { from }), ...event }
    : event;
}

function shapeSummary(image: ImageSummary, isBefore: (version: string) => boolean): unknown {
  const isDangling = (image.RepoTags ?? []).length === 0 && (image.RepoDigests ?? []).length === 0;
  return {
    ...image,
    ...(isBefore("1.43") && isDangling && { RepoTags: ["<none>:<none>"], RepoDigests: ["<none>@<none>"] }),
    ...(isBefore("1.44") && { VirtualSize: image.Size }),
    ...(isBefore("1.51") && { Containers: -1 }),
  };
}

async function* mapStream<T>(
  items: AsyncIterable<T>,
  shape: (item: T) => unknown,
): AsyncGenerator<unknown, void, undefined> {
  for await (const item of items) yield shape(item);
}
