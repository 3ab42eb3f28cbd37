/** Pushing: layers that the registry has already, here or in another repository, are not sent; the others are, several at once. */

import type { CallOptions, Engine, Progress, RegistryAuth } from "../api.ts";
import { digestOf, shortId } from "../digest.ts";
import { familiarName, formatReference, type ImageReference } from "../reference.ts";
import { internal, notFound } from "../refusal.ts";
import { pushFailure, readFailure } from "../registry/failure.ts";
import { openRegistry, type Registry } from "../registry/open-registry.ts";
import { type Content, upload } from "../registry/upload.ts";
import { atMost } from "./at-most.ts";
import type { Image } from "./catalog.ts";
import { compressionOf, peek } from "./decompress.ts";
import { gzip } from "./gzip.ts";
import type { LayerBlob } from "./layers.ts";
import { dockerConfigMediaType, dockerLayerMediaType, dockerManifestMediaType } from "./manifest.ts";
import { layerProgress, layerStatus, progressOf } from "./progress.ts";
import { hasDigest, reference as readReference } from "./references.ts";
import type { ImagesRoom } from "./room.ts";

type Arguments = Parameters<Engine["imagePush"]>[0];

const layersAtOnce = 5;
/** How many repositories are offered to take a layer over from. */
const mostOffers = 3;
const linePause = 100;

interface Push {
  readonly room: ImagesRoom;
  readonly registry: Registry;
  readonly reference: ImageReference;
  readonly tell: (line: Progress) => void;
  /** The image does not get the name, nor does anybody hear of it. */
  readonly silent?: boolean;
}

/** EngineError 404 before the answer begins where there is no image of that name. */
export async function pushImage(
  room: ImagesRoom,
  { name, tag, auth }: Arguments,
  { signal }: CallOptions = {},
): Promise<AsyncIterable<Progress>> {
  const reference = readReference(tag === undefined || tag === "" ? name : `${name}:${tag}`);
  if (reference.digest !== undefined) throw notFound("cannot push a digest reference");
  const short = familiarName(reference);
  const tags = reference.tag === undefined ? tagsOf(room, short) : [reference.tag];
  const images = tags.map((one) => ({ tag: one, image: room.catalog.named(`${short}:${one}`) }));
  const [missing] = images.filter(({ image }) => image === undefined);
  if (images.length === 0 || missing !== undefined) {
    throw notFound(
      `An image does not exist locally with the tag: ${missing === undefined ? short : `${short}:${missing.tag}`}`,
    );
  }
  return progressOf(async (tell, either) => {
    tell({ status: `The push refers to repository [${reference.registry}/${reference.repository}]` });
    const registry = openRegistry(reference.registry, { options: room.registries, auth, signal: either });
    try {
      for (const { tag: one, image } of images) {
        if (image !== undefined) await pushOne({ room, registry, tell, reference: { ...reference, tag: one } }, image);
      }
    } finally {
      registry.close();
    }
  }, signal);
}

/** Pushes an image under a name that it need not have here. EngineError. */
export async function pushAs(
  room: ImagesRoom,
  image: Image,
  reference: ImageReference,
  { auth, signal }: { readonly auth: RegistryAuth | undefined; readonly signal: AbortSignal },
): Promise<void> {
  const registry = openRegistry(reference.registry, { options: room.registries, auth, signal });
  try {
    await pushOne({ room, registry, reference, tell: () => {}, silent: true }, image);
  } finally {
    registry.close();
  }
}

function tagsOf({ catalog }: ImagesRoom, short: string): readonly string[] {
  const all = [...catalog.images.keys()].flatMap((id) => catalog.referencesOf(id));
  return all.filter((key) => !hasDigest(key) && key.startsWith(`${short}:`)).map((key) => key.slice(short.length + 1));
}

async function pushOne(push: Push, image: Image): Promise<void> {
  const { room, registry, reference, tell } = push;
  const { repository, tag = "latest" } = reference;
  const release = room.catalog.hold(image.diffIds);
  try {
    for (const diffId of image.config.diffIds.toReversed()) tell(layerStatus(shortId(diffId), "Preparing"));
    for (const diffId of image.config.diffIds.toReversed().slice(layersAtOnce))
      tell(layerStatus(shortId(diffId), "Waiting"));
    const queue = atMost(layersAtOnce);
    const sent = await Promise.all(image.diffIds.map((diffId) => queue(() => pushLayer(push, diffId))));
    const config = Buffer.from(image.text);
    await upload(registry, repository, { digest: image.id, size: config.length, read: () => config });
    const layers = sent.map(({ digest, size }) => ({ mediaType: dockerLayerMediaType, size, digest }));
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: dockerManifestMediaType,
      config: { mediaType: dockerConfigMediaType, size: config.length, digest: image.id },
      layers,
    });
    const response = await registry.request({
      method: "PUT",
      path: `/v2/${repository}/manifests/${tag}`,
      headers: { "Content-Type": dockerManifestMediaType },
      body: () => Buffer.from(manifest),
      scope: { repository, actions: ["pull", "push"] },
    });
    if (response.status !== 201) {
      throw pushFailure(await readFailure(response), formatReference(reference));
    }
    response.discard();
    if (push.silent === true) return;
    const Digest = digestOf(manifest);
    const Size = Buffer.byteLength(manifest);
    const name = familiarName(reference);
    await room.catalog.tag(`${name}@${Digest}`, image.id);
    tell({ status: `${tag}: digest: ${Digest} size: ${Size}` });
    tell({ progressDetail: {}, aux: { Tag: tag, Digest, Size } });
    const labels = image.config.config.Labels ?? {};
    room.ground.events.publish("image", "push", formatReference(reference), { ...labels, name });
  } finally {
    release();
  }
}

/** What the layer is called over there. */
async function pushLayer({ room, registry, reference, tell }: Push, diffId: string): Promise<LayerBlob> {
  const record = room.layers.get(diffId);
  if (record === undefined) throw internal(`the layer ${diffId} is not here: pull or build the image again`);
  const id = shortId(record.diffId);
  const known = (await travelsAsItIs(room, record.blob)) ? record.blob : record.pushed;
  let told = 0;
  const counted = async function* (bytes: AsyncIterable<Buffer>, total: number, from = 0) {
    let sent = from;
    for await (const chunk of bytes) {
      sent += chunk.length;
      const now = performance.now();
      if (now - told > linePause) {
        told = now;
        tell(layerProgress(id, "Pushing", sent, total));
      }
      yield chunk;
    }
  };
  const asItIs = known !== undefined && known === record.blob;
  const content: Content = {
    ...(known !== undefined && { digest: known.digest }),
    ...(asItIs && { size: known.size }),
    read: (from) =>
      asItIs
        ? counted(room.blobs.read(known.digest, from), known.size, from)
        : gzip(counted(room.layers.tar(diffId), record.tarSize)),
  };
  const outcome = await upload(registry, reference.repository, content, othersWith(room, diffId, reference));
  if (outcome.how === "exists") tell(layerStatus(id, "Layer already exists"));
  else if (outcome.how === "mounted") tell(layerStatus(id, `Mounted from ${outcome.from}`));
  else tell(layerStatus(id, "Pushed"));
  if (known !== undefined && outcome.digest === known.digest) return known;
  const pushed: LayerBlob = { digest: outcome.digest, size: outcome.size, mediaType: dockerLayerMediaType };
  await room.layers.rememberPushed(diffId, pushed);
  return pushed;
}

/** What every registry and engine takes is gzip; other forms are made into it. */
async function travelsAsItIs({ blobs }: ImagesRoom, blob: LayerBlob | undefined): Promise<boolean> {
  if (blob === undefined) return false;
  const { start, whole } = await peek(blobs.read(blob.digest));
  for await (const _ of whole) break;
  return compressionOf(start) === "gzip";
}

/** Repositories of the same registry that are known to have the layer. */
function othersWith({ catalog }: ImagesRoom, diffId: string, own: ImageReference): readonly string[] {
  const found = new Set<string>();
  for (const image of catalog.images.values()) {
    if (!image.diffIds.includes(diffId)) continue;
    for (const key of catalog.referencesOf(image.id).filter(hasDigest)) {
      const { registry, repository } = readReference(key);
      if (registry === own.registry && repository !== own.repository) found.add(repository);
    }
  }
  return [...found].slice(0, mostOffers);
}
