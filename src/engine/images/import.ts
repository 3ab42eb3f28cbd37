/** Making an image of a root file system. */

import type { ContainerConfig, Engine, Progress } from "../api.ts";
import { changeConfig } from "../build/change-config.ts";
import { internal } from "../refusal.ts";
import { decompress } from "./decompress.ts";
import { encodeImageConfig } from "./image-config.ts";
import { layerMediaType } from "./manifest.ts";
import { hostPlatform } from "./platform.ts";
import { taggedReference } from "./references.ts";
import type { ImagesRoom } from "./room.ts";
import { takeLayer } from "./take-layer.ts";

type Arguments = Parameters<Engine["imageImport"]>[0];

/** EngineError 400 before the answer begins: for a bad name or change. What the tar is found to hold is told in the answer. */
export async function importImage(
  room: ImagesRoom,
  { fromSrc, repo, tag, message, changes = [], stream }: Arguments,
): Promise<AsyncIterable<Progress>> {
  const reference = repo === undefined || repo === "" ? undefined : taggedReference(repo, tag);
  const config: ContainerConfig = changeConfig({}, changes);
  const source = stream instanceof Uint8Array ? asIterable(stream) : stream;
  return (async function* () {
    const comment = message === undefined || message === "" ? `Imported from ${fromSrc}` : message;
    const { layers, catalog, tell } = room;
    const travelling = { bytes: decompress(source), mediaType: layerMediaType };
    const { staged, blob } = await takeLayer(room, travelling).catch((error: unknown) => {
      throw internal(error instanceof Error ? error.message : String(error), error);
    });
    const release = catalog.hold([staged.diffId]);
    try {
      await layers.place(staged, blob);
      const created = new Date().toISOString();
      const text = encodeImageConfig({
        platform: hostPlatform,
        config,
        created,
        comment,
        diffIds: [staged.diffId],
        history: [{ created, comment }],
      });
      const image = await catalog.register(text);
      if (reference !== undefined) await catalog.tag(reference, image.id);
      tell("import", image, image.id);
      yield { status: image.id };
    } finally {
      release();
    }
  })();
}

async function* asIterable(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
