/** The images that are here, and what they are called. */

import path from "node:path";
import { syncFileSystem } from "../daemon/durable.ts";
import type { Ground } from "../daemon/ground.ts";
import { openRecords } from "../daemon/records.ts";
import { digestOf, hexOf, isDigest } from "../digest.ts";
import { formatReference, parseReference } from "../reference.ts";
import { badRequest, notFound } from "../refusal.ts";
import type { Blobs } from "./blobs.ts";
import { decodeImageConfig, type ImageConfig } from "./image-config.ts";
import type { Layers } from "./layers.ts";

export interface Image {
  readonly id: string;
  /** The config's exact text: its digest is the ID. */
  readonly text: string;
  readonly config: ImageConfig;
  /** Of its layers, the lowest first. */
  readonly diffIds: readonly string[];
  /** The image that it was made of here: by `commit`. */
  readonly parent?: string;
  /** RFC 3339: when it last got a name. */
  readonly lastTagged?: string;
  /** Removed by force while stopped containers still need it: it has no name, and goes with the last of them. */
  readonly doomed?: boolean;
}

interface ImageRecord extends Pick<Image, "id" | "text" | "parent" | "lastTagged" | "doomed"> {}

interface ReferenceRecord {
  /** `name:tag` or `name@digest`, as users see it. */
  readonly reference: string;
  readonly image: string;
}

export interface Catalog {
  /** By ID; without the doomed ones. */
  readonly images: ReadonlyMap<string, Image>;
  /** By reference, ID or unique beginning of an ID. EngineError 404 `No such image: x`, 400 for what is no name at all. */
  find(name: string): Image;
  /** The image of a whole ID, even a doomed one. */
  get(id: string): Image | undefined;
  /** The image of a reference in its short form. */
  named(reference: string): Image | undefined;
  /** Sorted: `name:tag` and `name@digest`. */
  referencesOf(id: string): readonly string[];
  tag(reference: string, id: string): Promise<void>;
  untag(reference: string): Promise<void>;
  /**
   * Takes an image in, whose layers are in place: it is on the disk when this resolves. Throws Error where the text is not
   * the config of an image.
   */
  register(text: string, more?: { readonly parent?: string }): Promise<Image>;
  doom(id: string): Promise<void>;
  doomed(): readonly Image[];
  /** Forgets an image; removes the layers that nothing needs any more, and gives their digests back, the highest first. */
  remove(id: string): Promise<readonly string[]>;
  /** Keeps layers from being removed while something is made of them; the answer lets them go. */
  hold(diffIds: readonly string[]): () => void;
  /** What else needs layers: asked before any is removed. */
  readonly holders: (() => Iterable<string>)[];
  /** Removes the layers of a list that nothing needs; the highest first. */
  collect(diffIds: readonly string[]): Promise<readonly string[]>;
  /** Sum of the layers' sizes. */
  sizeOf(image: Image): number;
}

export async function openCatalog({ dataRoot, log }: Ground, layers: Layers, blobs: Blobs): Promise<Catalog> {
  const open = <T>(name: string, decode: (value: unknown, id: string) => T) =>
    openRecords<T>({ folder: path.join(dataRoot, "images", name), decode, log });
  const records = await open("records", decodeRecord);
  const references = await open("references", decodeReference);
  const all = new Map<string, Image>();
  const names = new Map<string, string>();
  const held = new Map<string, number>();
  const holders: (() => Iterable<string>)[] = [];

  for (const record of records.all.values()) all.set(record.id, asImage(record));
  for (const { reference, image } of references.all.values()) {
    if (all.has(image)) names.set(reference, image);
    else {
      log("warn", "a reference names an image that is not here; it is dropped", { reference, image });
      await references.remove(keyOf(reference));
    }
  }

  const put = async (image: Image) => {
    all.set(image.id, image);
    const { config: _, diffIds: __, ...record } = image;
    await records.put(hexOf(image.id), record, { sync: true }).catch((error: unknown) => {
      if (records.get(hexOf(image.id)) === undefined) all.delete(image.id);
      throw error;
    });
  };
  const visible = {
    get: (id: string) => {
      const image = all.get(id);
      return image?.doomed === true ? undefined : image;
    },
  };
  const collect = async (diffIds: readonly string[]): Promise<readonly string[]> => {
    const needed = new Set<string>(held.keys());
    for (const image of all.values()) for (const diffId of image.diffIds) needed.add(diffId);
    for (const holder of holders) for (const diffId of holder()) needed.add(diffId);
    const idle = new Set([...diffIds].filter((diffId) => !needed.has(diffId) && layers.get(diffId) !== undefined));
    // Some stand on others, which stay as long.
    const upon = new Set(
      [...layers.all.values()].flatMap((layer) => (idle.has(layer.diffId) ? [] : (layer.upon ?? []))),
    );
    const bases = [...idle].flatMap((diffId) => layers.get(diffId)?.upon ?? []);
    const removed = [...idle].filter((diffId) => !upon.has(diffId)).reverse();
    const doubtful = new Set(removed.flatMap((diffId) => layers.get(diffId)?.blob?.digest ?? []));
    for (const diffId of removed) await layers.remove(diffId);
    for (const { blob } of layers.all.values()) if (blob !== undefined) doubtful.delete(blob.digest);
    for (const digest of doubtful) await blobs.remove(digest);
    return bases.length === 0 ? removed : [...removed, ...(await collect(bases))];
  };

  return {
    get images() {
      return new Map([...all].filter(([, image]) => image.doomed !== true));
    },
    find: (name) => {
      const id = lookUp(name, names, all.keys());
      const found = id === undefined ? undefined : visible.get(id);
      if (found === undefined) throw notFound(`No such image: ${shownName(name)}`);
      return found;
    },
    get: (id) => all.get(id),
    named: (reference) => visible.get(names.get(reference) ?? ""),
    referencesOf: (id) => [...names].flatMap(([reference, image]) => (image === id ? [reference] : [])).toSorted(),
    tag: async (reference, id) => {
      const image = all.get(id);
      if (image === undefined) throw notFound(`No such image: ${id}`);
      names.set(reference, id);
      await references.put(keyOf(reference), { reference, image: id }, { sync: true }).catch((error: unknown) => {
        if (references.get(keyOf(reference)) === undefined) names.delete(reference);
        throw error;
      });
      const { doomed: _, ...revived } = image;
      await put({ ...revived, lastTagged: new Date().toISOString() });
    },
    untag: async (reference) => {
      names.delete(reference);
      await references.remove(keyOf(reference));
    },
    register: async (text, { parent } = {}) => {
      const id = digestOf(text);
      const known = all.get(id);
      if (known !== undefined && known.doomed !== true) return known;
      const image = asImage({ id, text, ...(parent !== undefined && { parent }) });
      const isUnsettled = (diffId: string | undefined) => layers.get(diffId ?? "")?.unsynced !== undefined;
      const unsettled = image.diffIds.filter((diffId) => isUnsettled(diffId) || isUnsettled(layers.get(diffId)?.upon));
      if (unsettled.length > 0) {
        await syncFileSystem(dataRoot);
        await layers.settle(unsettled);
      }
      await put(image);
      return image;
    },
    doom: async (id) => {
      const image = all.get(id);
      if (image !== undefined) await put({ ...image, doomed: true });
    },
    doomed: () => [...all.values()].filter((image) => image.doomed === true),
    remove: async (id) => {
      const image = all.get(id);
      if (image === undefined) return [];
      all.delete(id);
      await records.remove(hexOf(id));
      return collect(image.diffIds);
    },
    hold: (diffIds) => {
      for (const diffId of diffIds) held.set(diffId, (held.get(diffId) ?? 0) + 1);
      let over = false;
      return () => {
        if (over) return;
        over = true;
        for (const diffId of diffIds) {
          const left = (held.get(diffId) ?? 1) - 1;
          if (left === 0) held.delete(diffId);
          else held.set(diffId, left);
        }
      };
    },
    holders,
    collect,
    sizeOf: ({ diffIds }) => diffIds.reduce((sum, diffId) => sum + (layers.get(diffId)?.size ?? 0), 0),
  };
}

/** The ID that a name stands for: a reference first, then an ID or the beginning of just one. */
export function lookUp(name: string, names: ReadonlyMap<string, string>, ids: Iterable<string>): string | undefined {
  if (/^(?:sha256:)?[0-9a-f]{64}$/.test(name)) return `sha256:${name.slice(-64)}`;
  const reference = keyOfName(name);
  const named = reference === undefined ? undefined : names.get(reference);
  if (named !== undefined) return named;
  const digits = name.startsWith("sha256:") ? name.slice("sha256:".length) : name;
  if (!/^[0-9a-f]+$/.test(digits)) return undefined;
  const found = [...ids].filter((id) => hexOf(id).startsWith(digits));
  return found.length === 1 ? found[0] : undefined;
}

/** A reference as the catalog knows it: with its digest if it has one, else with its tag. Undefined for what is none. */
export function keyOfName(name: string): string | undefined {
  try {
    const { tag, digest, ...rest } = parseReference(name);
    return formatReference({ ...rest, ...(digest === undefined ? { tag: tag ?? "latest" } : { digest }) });
  } catch {
    return undefined;
  }
}

function shownName(name: string): string {
  const key = keyOfName(name);
  if (key === undefined && !/^(?:sha256:)?[0-9a-f]+$/.test(name)) throw badRequest("invalid reference format");
  return key ?? name;
}

/** A file name for a reference. */
const keyOf = (reference: string) => hexOf(digestOf(reference));

function asImage(record: ImageRecord): Image {
  const config = decodeImageConfig(record.text);
  return { ...record, config, diffIds: config.diffIds };
}

function decodeRecord(value: unknown, id: string): ImageRecord {
  const record = (value ?? {}) as Partial<ImageRecord>;
  const { text } = record;
  if (record.id !== `sha256:${id}` || typeof text !== "string" || digestOf(text) !== record.id) {
    throw new Error("it is not the record of an image");
  }
  return asImage({ ...record, id: record.id, text });
}

function decodeReference(value: unknown): ReferenceRecord {
  const { reference, image } = (value ?? {}) as Partial<ReferenceRecord>;
  if (typeof reference !== "string" || typeof image !== "string" || !isDigest(image)) {
    throw new Error("it is not the record of a reference");
  }
  return { reference, image };
}
