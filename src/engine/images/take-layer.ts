/** A layer in the form that it travels in: kept as it came, and unpacked at the same time. */

import { bundle } from "../gather.ts";
import type { Blobs } from "./blobs.ts";
import type { LayerBlob, Layers, StagedLayer } from "./layers.ts";

export interface TravellingLayer {
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly mediaType: string;
  /** Of the bytes, and of the tar in them; absent: whatever they are. */
  readonly digest?: string;
  readonly diffId?: string;
}

export interface TakenLayer {
  readonly staged: StagedLayer;
  readonly blob: LayerBlob;
}

/** Throws where a digest is wrong, or the layer is bad; nothing is left behind then. */
export async function takeLayer(
  { layers, blobs }: { readonly layers: Layers; readonly blobs: Blobs },
  { bytes, mediaType, digest, diffId }: TravellingLayer,
): Promise<TakenLayer> {
  const blob = await blobs.receive();
  const kept = async function* () {
    for await (const chunks of bundle(bytes)) {
      await blob.write(...chunks);
      yield chunks;
    }
  };
  let staged: StagedLayer | undefined;
  try {
    staged = await layers.stagePacked(kept());
    if (diffId !== undefined && staged.diffId !== diffId) {
      throw new Error(`the layer's content has the digest ${staged.diffId}, but the image says ${diffId}`);
    }
    const size = blob.length;
    return { staged, blob: { digest: await blob.commit(digest), size, mediaType } };
  } catch (error) {
    await blob.abandon();
    if (staged !== undefined) await layers.discard(staged);
    throw error;
  }
}
