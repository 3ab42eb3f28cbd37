/** Loading images from an archive: docker's `manifest.json`, or a plain OCI layout. */

import type { CallOptions, Engine, Progress } from "../api.ts";
import { digestOf, hexOf, shortId } from "../digest.ts";
import { formatReference, parseReference } from "../reference.ts";
import { badRequest } from "../refusal.ts";
import { decodeImageConfig } from "./image-config.ts";
import { choose, decodeManifest, layerMediaType } from "./manifest.ts";
import { hostPlatform } from "./platform.ts";
import { layerProgress, progressOf } from "./progress.ts";
import { type Archive, type ArchiveFile, readArchive } from "./read-archive.ts";
import { taggedReference } from "./references.ts";
import type { ImagesRoom } from "./room.ts";
import { takeLayer } from "./take-layer.ts";

/** One image of an archive. */
interface Listed {
  readonly config: string;
  /** Names of files, the lowest layer first. */
  readonly layers: readonly string[];
  readonly tags: readonly string[];
}

type Arguments = Parameters<Engine["imageLoad"]>[0];

export async function loadImages(
  room: ImagesRoom,
  { quiet = true, stream }: Arguments,
  { signal }: CallOptions = {},
): Promise<AsyncIterable<Progress>> {
  const source = stream instanceof Uint8Array ? once(stream) : stream;
  return progressOf(async (tell, either) => {
    const brought: string[] = [];
    try {
      const archive = await readArchive(abortable(source, either), room.blobs, brought);
      for (const listed of await listImages(archive)) {
        await loadOne(room, archive, listed, quiet ? () => {} : tell, tell);
      }
    } finally {
      const needed = new Set([...room.layers.all.values()].flatMap(({ blob }) => blob?.digest ?? []));
      for (const digest of brought) if (!needed.has(digest)) await room.blobs.remove(digest);
    }
  }, signal);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function* abortable(source: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    signal.throwIfAborted();
    yield chunk;
  }
}

async function loadOne(
  room: ImagesRoom,
  archive: Archive,
  { config: configName, layers: names, tags }: Listed,
  tellLayer: (line: Progress) => void,
  tell: (line: Progress) => void,
): Promise<void> {
  const { catalog, layers } = room;
  const text = await documentOf(archive, configName);
  const config = decodeImageConfig(text);
  if (config.diffIds.length !== names.length) {
    throw badRequest(
      `invalid manifest, layers length mismatch: expected ${config.diffIds.length}, got ${names.length}`,
    );
  }
  const { diffIds } = config;
  const release = catalog.hold(diffIds);
  try {
    for (const [i, name] of names.entries()) {
      const diffId = diffIds[i] ?? "";
      if (layers.get(diffId) !== undefined) continue;
      const file = archive.file(name) ?? missing(name);
      const id = shortId(diffId);
      const bytes = counted(file.read(), (current) =>
        tellLayer(layerProgress(id, "Loading layer", current, file.size)),
      );
      const taken = await takeLayer(room, { bytes, mediaType: layerMediaType, diffId });
      await layers.place(taken.staged, taken.blob);
    }
    const image = await catalog.register(text);
    for (const tag of tags) {
      const before = catalog.named(tag);
      if (before !== undefined && before.id !== image.id) {
        tell({
          stream: `The image ${tag} already exists, renaming the old one with ID ${before.id} to empty string\n`,
        });
      }
      await catalog.tag(tag, image.id);
      tell({ stream: `Loaded image: ${tag}\n` });
    }
    if (tags.length === 0) tell({ stream: `Loaded image ID: ${image.id}\n` });
    room.tell("load", image, image.id);
  } finally {
    release();
    await catalog.collect(diffIds);
  }
}

async function* counted(bytes: AsyncIterable<Uint8Array>, tell: (current: number) => void): AsyncGenerator<Uint8Array> {
  let current = 0;
  let told = 0;
  for await (const chunk of bytes) {
    current += chunk.length;
    const now = performance.now();
    if (now - told > 100) {
      told = now;
      tell(current);
    }
    yield chunk;
  }
  tell(current);
}

/** EngineError 400 where the archive tells of no images. */
export async function listImages(archive: Archive): Promise<readonly Listed[]> {
  const legacy = archive.file("manifest.json");
  if (legacy !== undefined) return listLegacy(parse(await textIn(legacy, "manifest.json"), "manifest.json"));
  const index = archive.file("index.json");
  if (index !== undefined) return listLayout(archive, await textIn(index, "index.json"));
  throw badRequest("the archive holds no images: it has neither a manifest.json nor an index.json");
}

function listLegacy(value: unknown): readonly Listed[] {
  if (!Array.isArray(value)) throw badRequest("the manifest.json of the archive is not a list of images");
  return value.map((item) => {
    const { Config, RepoTags, Layers } = (item ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof Config !== "string" || !isTexts(Layers) || !isTexts(RepoTags ?? [])) {
      throw badRequest("the manifest.json of the archive does not say what an image is made of");
    }
    return {
      config: Config,
      layers: Layers,
      tags: (isTexts(RepoTags) ? RepoTags : []).map((tag) => taggedReference(tag, undefined)),
    };
  });
}

async function listLayout(archive: Archive, text: string): Promise<readonly Listed[]> {
  const top = decode(text, "index.json");
  if (top.kind !== "index") throw badRequest("the index.json of the archive is not an index");
  const images = new Map<string, { readonly listed: Listed; readonly tags: string[] }>();
  for (const descriptor of top.manifests) {
    let { digest } = descriptor;
    let manifest = decode(await documentOf(archive, blobName(digest)), digest);
    if (manifest.kind === "index") {
      const chosen = choose(manifest.manifests, hostPlatform);
      // An image for other machines only.
      if (chosen === undefined) continue;
      ({ digest } = chosen);
      manifest = decode(await documentOf(archive, blobName(digest)), digest);
    }
    if (manifest.kind !== "image") throw badRequest(`${digest} of the archive is an index within an index`);
    const { config, layers } = manifest;
    const known = images.get(digest) ?? {
      listed: { config: blobName(config.digest), layers: layers.map((layer) => blobName(layer.digest)), tags: [] },
      tags: [],
    };
    images.set(digest, known);
    const tag = tagOf(descriptor.annotations ?? {});
    if (tag !== undefined) known.tags.push(tag);
  }
  return [...images.values()].map(({ listed, tags }) => ({ ...listed, tags }));
}

/** containerd writes the whole name; others may write one as the name of the reference, or just a tag, which names nothing. */
function tagOf(annotations: Readonly<Record<string, string>>): string | undefined {
  const name = annotations["io.containerd.image.name"] ?? annotations["org.opencontainers.image.ref.name"];
  if (name === undefined || !/[/:]/.test(name)) return undefined;
  try {
    const { digest: _, ...named } = parseReference(name);
    return formatReference(named);
  } catch {
    return undefined;
  }
}

const blobName = (digest: string) => `blobs/sha256/${hexOf(digest)}`;

/** A document under the name of its digest must have that digest. */
async function documentOf(archive: Archive, name: string): Promise<string> {
  const text = await textIn(archive.file(name) ?? missing(name), name);
  const digest = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(name)?.[1];
  if (digest !== undefined && hexOf(digestOf(text)) !== digest) {
    throw badRequest(`${name} of the archive has another digest than its name says`);
  }
  return text;
}

const largestDocument = 8 * 1024 * 1024;

async function textIn(file: ArchiveFile, name: string): Promise<string> {
  if (file.size > largestDocument) throw badRequest(`${name} of the archive is larger than 8 MiB`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of file.read()) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function missing(name: string): never {
  throw badRequest(`${name} is missing from the archive`);
}

function decode(text: string, name: string): ReturnType<typeof decodeManifest> {
  try {
    return decodeManifest(text);
  } catch (error) {
    throw badRequest(`${name} of the archive: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

function parse(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badRequest(`${name} of the archive is not JSON`, error);
  }
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");
