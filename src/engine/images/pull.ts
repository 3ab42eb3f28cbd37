/**
 * Pulling: what a reference stands for is looked up once and kept to; layers are downloaded, checked and unpacked at the same
 * time, three at once.
 */

import type { CallOptions, Engine, Progress, RegistryAuth } from "../api.ts";
import type { Platform } from "../daemon/rooms.ts";
import { shortId } from "../digest.ts";
import { familiarName, formatReference, type ImageReference } from "../reference.ts";
import { internal } from "../refusal.ts";
import { fetchBlob } from "../registry/fetch-blob.ts";
import { listTags } from "../registry/list-tags.ts";
import { openRegistry, type Registry } from "../registry/open-registry.ts";
import { readBlob } from "../registry/read-blob.ts";
import { atMost } from "./at-most.ts";
import { type CurrentImage, currentImage } from "./current-image.ts";
import { decodeImageConfig, type ImageConfig } from "./image-config.ts";
import type { Descriptor } from "./manifest.ts";
import { formatPlatform, hostPlatform, parsePlatform, platformMatches } from "./platform.ts";
import { layerProgress, layerStatus, progressOf } from "./progress.ts";
import { reference as readReference } from "./references.ts";
import { bad, type FetchedManifest, fetchManifest, imageManifest } from "./resolve-manifest.ts";
import type { ImagesRoom } from "./room.ts";
import { takeLayer } from "./take-layer.ts";

type Arguments = Parameters<Engine["imagePull"]>[0];
type Tell = (line: Progress) => void;

const layersAtOnce = 3;
/** Between two lines about the same layer, milliseconds. */
const linePause = 100;

/** What cannot even be looked up is refused before the answer begins: EngineError 400, 404, 500. */
export async function pullImage(
  room: ImagesRoom,
  { fromImage, tag, platform, auth }: Arguments,
  { signal }: CallOptions = {},
): Promise<AsyncIterable<Progress>> {
  const isDigestGiven = tag?.includes(":") === true;
  const given = tag === undefined || tag === "" ? fromImage : `${fromImage}${isDigestGiven ? "@" : ":"}${tag}`;
  const reference = readReference(given);
  const wanted = platform === undefined || platform === "" ? hostPlatform : parsePlatform(platform);
  const abort = new AbortController();
  const either = signal === undefined ? abort.signal : AbortSignal.any([signal, abort.signal]);
  const registry = openRegistry(reference.registry, {
    options: room.registries,
    auth,
    signal: either,
  });
  try {
    const references =
      reference.tag === undefined && reference.digest === undefined
        ? (await listTags(registry, reference)).map((name) => ({ ...reference, tag: name }))
        : [reference];
    const [first = reference] = references;
    const look = async (one: ImageReference) =>
      (await currentImage(room, registry, one, wanted)) ?? (await fetchManifest(registry, one));
    const top = await look(first);
    return progressOf(async (tell, ended) => {
      ended.addEventListener("abort", () => abort.abort(), { once: true });
      try {
        for (const one of references) {
          const pull = { room, registry, reference: one, wanted, tell, signal: either };
          const found = one === first ? top : await look(one);
          tell({ status: `Pulling from ${one.repository}`, id: one.digest ?? one.tag ?? "latest" });
          if ("image" in found) finish(pull, found, "Image is up to date for");
          else await pullOne(pull, found);
        }
      } finally {
        registry.close();
      }
    }, signal);
  } catch (error) {
    registry.close();
    throw error;
  }
}

/** Pulls an image for a build. */
export async function pullForBuild(
  room: ImagesRoom,
  reference: string,
  { platform, auth, signal }: { platform: Platform; auth?: RegistryAuth | undefined; signal?: AbortSignal | undefined },
  tell: Tell,
): Promise<void> {
  const args = { fromImage: reference, platform: formatPlatform(platform), ...(auth !== undefined && { auth }) };
  const parsed = readReference(reference);
  const tag = parsed.digest === undefined ? { tag: parsed.tag ?? "latest" } : {};
  const lines = await pullImage(
    room,
    { ...args, fromImage: parsed.digest === undefined ? familiarName(parsed) : reference, ...tag },
    signal === undefined ? {} : { signal },
  );
  for await (const line of lines) {
    if (line.error !== undefined) throw internal(line.error);
    tell(line);
  }
}

interface Pull {
  readonly room: ImagesRoom;
  readonly registry: Registry;
  readonly reference: ImageReference;
  readonly wanted: Platform;
  readonly tell: Tell;
  readonly signal: AbortSignal;
}

async function pullOne(pull: Pull, top: FetchedManifest): Promise<void> {
  const { room, registry, reference, wanted } = pull;
  const { catalog } = room;
  const name = familiarName(reference);
  const { config: descriptor, layers } = await imageManifest(registry, reference, top, wanted);
  const shown = formatReference(reference);
  const { text, config } = await fetchConfig(pull, descriptor);
  if (config.diffIds.length !== layers.length) {
    throw bad(
      shown,
      new Error(`its config tells of ${config.diffIds.length} layers, its manifest of ${layers.length}`),
    );
  }
  if (top.manifest.kind === "index" && !platformMatches(config.platform, wanted)) {
    throw bad(
      shown,
      new Error(`its index says ${formatPlatform(wanted)}, its config ${formatPlatform(config.platform)}`),
    );
  }
  const { diffIds } = config;
  const release = catalog.hold(diffIds);
  try {
    await pullLayers(pull, layers, diffIds);
    const image = await catalog.register(text);
    const byDigest = `${name}@${top.digest}`;
    const byTag = reference.digest === undefined ? formatReference(reference) : byDigest;
    const isNew = catalog.named(byTag)?.id !== image.id;
    for (const key of new Set([byTag, byDigest]))
      if (catalog.named(key)?.id !== image.id) await catalog.tag(key, image.id);
    finish(pull, { image, digest: top.digest }, isNew ? "Downloaded newer image for" : "Image is up to date for");
  } finally {
    release();
    await catalog.collect(diffIds);
  }
}

function finish({ room, reference, tell }: Pull, { image, digest }: CurrentImage, outcome: string): void {
  const shown = formatReference(reference);
  tell({ status: `Digest: ${digest}` });
  tell({ status: `Status: ${outcome} ${shown}` });
  const labels = image.config.config.Labels ?? {};
  room.ground.events.publish("image", "pull", shown, { ...labels, name: familiarName(reference) });
}

async function fetchConfig(
  { registry, reference, signal }: Pull,
  descriptor: Descriptor,
): Promise<{ readonly text: string; readonly config: ImageConfig }> {
  const shown = formatReference(reference);
  const bytes = await readBlob(registry, reference.repository, descriptor, signal);
  try {
    const text = bytes.toString("utf8");
    if (!bytes.equals(Buffer.from(text))) throw new Error("its config is not UTF-8");
    return { text, config: decodeImageConfig(text) };
  } catch (error) {
    throw bad(shown, error);
  }
}

async function pullLayers(pull: Pull, layers: readonly Descriptor[], diffIds: readonly string[]): Promise<void> {
  const { room, tell } = pull;
  const abort = new AbortController();
  const signal = AbortSignal.any([pull.signal, abort.signal]);
  const queue = atMost(layersAtOnce);
  const missing = layers.flatMap((descriptor, i) => {
    const diffId = diffIds[i] ?? "";
    const isHere = room.layers.get(diffId) !== undefined;
    tell(layerStatus(shortId(descriptor.digest), isHere ? "Already exists" : "Pulling fs layer"));
    return isHere ? [] : [{ descriptor, diffId }];
  });
  for (const { descriptor } of missing.slice(layersAtOnce)) tell(layerStatus(shortId(descriptor.digest), "Waiting"));
  const pulled = missing.map((layer) => queue(() => pullOnce({ ...pull, signal }, layer)));
  // One that fails ends the others; all of them are over before anything is said.
  for (const one of pulled) one.catch(() => abort.abort());
  const results = await Promise.allSettled(pulled);
  const failures = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
  if (pull.signal.aborted) throw pull.signal.reason;
  // The first reason, not what it led to.
  if (failures.length > 0)
    throw failures.find((error) => !(error instanceof Error && error.name === "AbortError")) ?? failures[0];
}

interface MissingLayer {
  readonly descriptor: Descriptor;
  readonly diffId: string;
}

/** A layer that somebody else is pulling already is waited for. */
async function pullOnce(pull: Pull, layer: MissingLayer): Promise<void> {
  const { room, tell, signal } = pull;
  const id = shortId(layer.descriptor.digest);
  for (;;) {
    signal.throwIfAborted();
    if (room.layers.get(layer.diffId) !== undefined) break;
    const other = room.pulling.get(layer.diffId);
    if (other === undefined) {
      const own = pullLayer(pull, layer);
      room.pulling.set(layer.diffId, own);
      try {
        await own;
      } finally {
        room.pulling.delete(layer.diffId);
      }
      return;
    }
    // What became of it is seen in the next round.
    await other.catch(() => {});
  }
  tell(layerStatus(id, "Download complete"));
  tell(layerStatus(id, "Pull complete"));
}

async function pullLayer(
  { room, registry, reference, tell, signal }: Pull,
  { descriptor, diffId }: MissingLayer,
): Promise<void> {
  const { digest, size, mediaType } = descriptor;
  const id = shortId(digest);
  let received = 0;
  let told = 0;
  const isHere = (await room.blobs.size(digest)) === size;
  const source = isHere ? room.blobs.read(digest) : fetchBlob(registry, reference.repository, descriptor, signal);
  const bytes = async function* () {
    for await (const chunk of source) {
      signal.throwIfAborted();
      received += chunk.length;
      const now = performance.now();
      if (!isHere && now - told > linePause) {
        told = now;
        tell(layerProgress(id, "Downloading", received, size));
      }
      yield chunk;
    }
    tell(layerStatus(id, "Verifying Checksum"));
    tell(layerStatus(id, "Download complete"));
    tell(layerProgress(id, "Extracting", received, size));
  };
  try {
    const { staged, blob } = await takeLayer(room, { bytes: bytes(), mediaType, digest, diffId });
    await room.layers.place(staged, blob);
  } catch (error) {
    throw signal.aborted ? error : bad(`the layer ${digest} of ${formatReference(reference)}`, error);
  }
  tell(layerStatus(id, "Pull complete"));
}
