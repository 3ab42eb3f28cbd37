/** What containers and builds ask of the images. */

import type { ImageStore, NewImage, StoredImage } from "../daemon/rooms.ts";
import { internal, notFound } from "../refusal.ts";
import type { Catalog, Image } from "./catalog.ts";
import { encodeImageConfig, type ImageHistory } from "./image-config.ts";
import type { Layers } from "./layers.ts";
import { packLayer } from "./pack.ts";
import { formatPlatform, hostPlatform, platformMatches } from "./platform.ts";
import { reference as readReference, taggedReference } from "./references.ts";

export function openStore(catalog: Catalog, layers: Layers): ImageStore {
  const stored = (image: Image): StoredImage => ({
    id: image.id,
    created: image.config.created ?? "",
    platform: image.config.platform,
    config: image.config.config,
    diffIds: image.config.diffIds,
    references: catalog.referencesOf(image.id),
  });
  const imageOf = ({ id }: StoredImage): Image => {
    const image = catalog.get(id);
    if (image === undefined) throw notFound(`No such image: ${id}`);
    return image;
  };

  return {
    find: (name, platform) => {
      // A container that stands on an image which was removed by force knows its whole ID.
      const image = catalog.get(name) ?? catalog.find(name);
      if (platform !== undefined && !platformMatches(image.config.platform, platform)) {
        throw notFound(
          `image with reference ${name} was found but does not match the specified platform: ` +
            `wanted ${formatPlatform(platform)}, actual: ${formatPlatform(image.config.platform)}`,
        );
      }
      return stored(image);
    },
    layers: async (wanted) => {
      const image = imageOf(wanted);
      const missing = image.diffIds.find((diffId) => layers.get(diffId) === undefined);
      if (missing !== undefined) {
        throw internal(`the image ${image.id} lacks a layer (${missing}): pull or build it again`);
      }
      return layers.stack(image.diffIds);
    },
    add: async (image, reference) => {
      const named = reference === undefined ? undefined : fullReference(reference);
      const parent = image.parent === undefined ? undefined : imageOf(image.parent);
      const diffIds = parent?.diffIds ?? [];
      const release = catalog.hold(diffIds);
      let top: string | undefined;
      let releaseTop = () => {};
      try {
        const lowers = layers.stack(diffIds);
        const staged =
          image.upper === undefined
            ? undefined
            : image.move === true
              ? await layers.takeUpper(image.upper, lowers)
              : await layers.stageMade(packLayer(image.upper, lowers));
        if (staged !== undefined) {
          top = await layers.place(staged);
          releaseTop = catalog.hold([top]);
        }
        const made = await catalog.register(configOf(image, parent, staged?.diffId), {
          ...(parent !== undefined && { parent: parent.id }),
        });
        if (named !== undefined) await catalog.tag(named, made.id);
        return stored(made);
      } catch (error) {
        releaseTop();
        if (top !== undefined) await catalog.collect([top]);
        throw error;
      } finally {
        release();
        releaseTop();
      }
    },
  };
}

function configOf(image: NewImage, parent: Image | undefined, diffId: string | undefined): string {
  const created = new Date().toISOString();
  const { author, comment, createdBy } = image;
  const step: ImageHistory = {
    created,
    created_by: createdBy,
    ...(author !== undefined && { author }),
    ...(comment !== undefined && { comment }),
    ...(diffId === undefined && { empty_layer: true }),
  };
  return encodeImageConfig({
    platform: image.platform ?? parent?.config.platform ?? hostPlatform,
    config: image.config,
    created,
    ...(author !== undefined && { author }),
    ...(comment !== undefined && { comment }),
    diffIds: [...(parent?.config.diffIds ?? []), ...(diffId === undefined ? [] : [diffId])],
    history: [...(parent?.config.history ?? []), step],
  });
}

/** A reference with a tag, in its short form. */
function fullReference(text: string): string {
  readReference(text);
  return taggedReference(text, undefined);
}
