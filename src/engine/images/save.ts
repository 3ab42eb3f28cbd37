/** Images as one tar: an OCI layout, with the `manifest.json` beside it that `docker load` reads. */

import { digestOf, hexOf } from "../digest.ts";
import { familiarName, formatReference } from "../reference.ts";
import { notFound } from "../refusal.ts";
import type { Image } from "./catalog.ts";
import { configMediaType, indexMediaType, layerMediaType, manifestMediaType } from "./manifest.ts";
import { hasDigest, reference as readReference } from "./references.ts";
import type { ImagesRoom } from "./room.ts";
import { paddingOf } from "./tar/entry.ts";
import { encodeEntry, endOfArchive } from "./tar/header.ts";
import { overlayEntry } from "./to-overlay.ts";

interface Saved {
  readonly image: Image;
  /** `name:tag`, in short form. */
  readonly tags: readonly string[];
}

/** EngineError 404 for a name that is none; then the tar. A name without a tag stands for all its tags. */
export function saveImages(room: ImagesRoom, names: readonly string[]): AsyncIterable<Buffer> {
  const saved = collect(room, names);
  const release = room.catalog.hold(saved.flatMap(({ image }) => image.diffIds));
  return (async function* () {
    try {
      yield* archive(room, saved);
      for (const { image } of saved) room.tell("save", image, image.id);
    } finally {
      release();
    }
  })();
}

function collect({ catalog }: ImagesRoom, names: readonly string[]): readonly Saved[] {
  const tags = new Map<Image, Set<string>>();
  const add = (image: Image, tag?: string) => {
    const known = tags.get(image) ?? new Set<string>();
    if (tag !== undefined) known.add(tag);
    tags.set(image, known);
  };
  for (const name of names) {
    const all = tagsOfName(catalog, name);
    for (const tag of all) {
      const image = catalog.named(tag);
      if (image !== undefined) add(image, tag);
    }
    if (all.length > 0) continue;
    const image = catalog.find(name);
    const tag = catalog.referencesOf(image.id).find((key) => !hasDigest(key) && key === name);
    add(image, tag);
  }
  if (tags.size === 0) throw notFound("no image is named");
  return [...tags].map(([image, known]) => ({ image, tags: [...known].toSorted() }));
}

function tagsOfName(catalog: ImagesRoom["catalog"], name: string): readonly string[] {
  if (/^(?:sha256:)?[0-9a-f]{64}$/.test(name)) return [];
  let parsed: ReturnType<typeof readReference>;
  try {
    parsed = readReference(name);
  } catch {
    return [];
  }
  if (parsed.digest !== undefined) return [];
  const short = familiarName(parsed);
  if (parsed.tag !== undefined)
    return catalog.named(formatReference(parsed)) === undefined ? [] : [formatReference(parsed)];
  const keys = [...catalog.images.keys()].flatMap((id) => catalog.referencesOf(id));
  return keys.filter((key) => !hasDigest(key) && key.slice(0, key.lastIndexOf(":")) === short);
}

async function* archive({ layers }: ImagesRoom, saved: readonly Saved[]): AsyncGenerator<Buffer> {
  const written = new Set<string>();
  const blobName = (digest: string) => `blobs/sha256/${hexOf(digest)}`;
  const directory = (path: string) => encodeEntry(overlayEntry(`${path}/`, {}));
  yield Buffer.concat([directory("blobs"), directory("blobs/sha256")]);
  const listed: object[] = [];
  for (const { image, tags } of saved) {
    const descriptors: { readonly mediaType: string; readonly digest: string; readonly size: number }[] = [];
    for (const diffId of image.diffIds) {
      const record = layers.get(diffId);
      if (record === undefined) throw notFound(`the image ${image.id} lacks a layer: pull or build it again`);
      const { tarSize } = record;
      descriptors.push({ mediaType: layerMediaType, digest: diffId, size: tarSize });
      if (written.has(diffId)) continue;
      written.add(diffId);
      yield fileHeader(blobName(diffId), tarSize);
      yield* layers.tar(diffId);
      yield Buffer.alloc(paddingOf(tarSize));
    }
    const text = Buffer.from(image.text);
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: manifestMediaType,
        config: { mediaType: configMediaType, digest: image.id, size: text.length },
        layers: descriptors,
      }),
    );
    const digest = digestOf(manifest);
    for (const [name, content] of [
      [image.id, text],
      [digest, manifest],
    ] as const) {
      if (written.has(name)) continue;
      written.add(name);
      yield file(blobName(name), content);
    }
    const names = tags.length === 0 ? [undefined] : tags;
    for (const tag of names) {
      const parsed = tag === undefined ? undefined : readReference(tag);
      listed.push({
        mediaType: manifestMediaType,
        digest,
        size: manifest.length,
        ...(parsed !== undefined && {
          annotations: {
            "io.containerd.image.name": `${parsed.registry}/${parsed.repository}:${parsed.tag}`,
            "org.opencontainers.image.ref.name": parsed.tag,
          },
        }),
      });
    }
  }
  const manifest = saved.map(({ image, tags }) => ({
    Config: blobName(image.id),
    RepoTags: tags.length === 0 ? null : tags,
    Layers: image.config.diffIds.map(blobName),
  }));
  const index = { schemaVersion: 2, mediaType: indexMediaType, manifests: listed };
  yield file("index.json", Buffer.from(JSON.stringify(index)));
  yield file("manifest.json", Buffer.from(JSON.stringify(manifest)));
  yield file("oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
  yield endOfArchive;
}

const fileHeader = (path: string, size: number) => encodeEntry(overlayEntry(path, { type: "file", mode: 0o644, size }));

const file = (path: string, content: Buffer) =>
  Buffer.concat([fileHeader(path, content.length), content, Buffer.alloc(paddingOf(content.length))]);
