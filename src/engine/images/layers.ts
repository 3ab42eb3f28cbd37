/**
 * Layers, unpacked: a directory each, named after its chain ID, in which everything below overlayfs comes to lie. Its record
 * is written when its content is on the disk. What the layer's tar was is kept too, as the blob that it came as or, for one
 * made here, as a recipe, so that the image can leave again byte for byte.
 */

import { createHash, randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { finished } from "node:stream/promises";
import zlib from "node:zlib";
import { makeFolder, temporaryPrefix } from "../daemon/durable.ts";
import type { Ground } from "../daemon/ground.ts";
import { openRecords } from "../daemon/records.ts";
import type { Blobs } from "./blobs.ts";
import { decompress } from "./decompress.ts";
import { chainIdOf, hexOf, isDigest } from "./digest.ts";
import { packFromRecipe, packLayer } from "./pack.ts";
import { removeTree } from "./remove-tree.ts";
import { unpackLayer } from "./unpack.ts";

export interface LayerRecord {
  readonly chainId: string;
  readonly diffId: string;
  /** The chain ID of the layers below. */
  readonly parent?: string;
  /** Sum of the files' sizes. */
  readonly size: number;
  /** The blob that it came as; without one there is a recipe. */
  readonly blob?: LayerBlob;
  /** What it was when it was last pushed, compressed by us: the same again, if nothing has changed. */
  readonly pushed?: LayerBlob;
  /** Length of its tar in bytes. */
  readonly tarSize: number;
  /** RFC 3339. */
  readonly created: string;
  /** Its content may not be on the disk yet; the boot under which it was written, after which it is not to be trusted. */
  readonly unsynced?: string;
}

export interface LayerBlob {
  readonly digest: string;
  readonly size: number;
  readonly mediaType: string;
}

/** A layer that is unpacked, but not in place: nobody knows of it yet. */
export interface StagedLayer {
  readonly directory: string;
  readonly diffId: string;
  readonly size: number;
  readonly tarSize: number;
  /** The file of its recipe. */
  readonly recipe?: string;
}

export interface Layers {
  readonly all: ReadonlyMap<string, LayerRecord>;
  get(chainId: string): LayerRecord | undefined;
  directory(chainId: string): string;
  /** Unpacks a layer's tar, not compressed. Throws TarError for a bad one; nothing is left behind. */
  stage(tar: AsyncIterable<Uint8Array>): Promise<StagedLayer>;
  /**
   * Makes a layer of an overlay's upper directory. `move`: the directory itself becomes the layer; else it is copied.
   * `lowers`: the directories below it.
   */
  stageUpper(upper: string, lowers: readonly string[], options: { readonly move: boolean }): Promise<StagedLayer>;
  discard(staged: StagedLayer): Promise<void>;
  /** Puts a staged layer in place on top of others. Not synced; one that is there already stays. Its chain ID. */
  place(staged: StagedLayer, parent: string | undefined, blob?: LayerBlob): Promise<string>;
  /** After the file system was synced: these layers are to be trusted for good. */
  settle(chainIds: readonly string[]): Promise<void>;
  /** Remembers what a layer was pushed as. */
  rememberPushed(chainId: string, pushed: LayerBlob): Promise<void>;
  /** The layer's tar, as it was. */
  tar(chainId: string): AsyncIterable<Buffer>;
  /** Removes a layer with all that belongs to it, but not its blob. */
  remove(chainId: string): Promise<void>;
}

/** Names of this length keep 60 layers within the one page that mount(2) takes. */
const nameLength = 32;

export async function openLayers({ dataRoot, bootId, log }: Ground, blobs: Blobs): Promise<Layers> {
  const home = path.join(dataRoot, "layers");
  const recipes = path.join(dataRoot, "images", "recipes");
  await Promise.all([makeFolder(home), makeFolder(recipes)]);
  const directory = (chainId: string) => path.join(home, hexOf(chainId).slice(0, nameLength));
  const recipeFile = (chainId: string) => path.join(recipes, `${hexOf(chainId)}.tar.zst`);
  const temporary = (folder: string) => path.join(folder, `${temporaryPrefix}${randomBytes(8).toString("hex")}`);

  const records = await openRecords<LayerRecord>({
    folder: path.join(dataRoot, "images", "layers"),
    decode: decodeLayer,
    log,
  });
  for (const { chainId, unsynced } of [...records.all.values()]) {
    if (unsynced === undefined || unsynced === bootId) continue;
    log("warn", "a layer was not on the disk before the machine went down; it is dropped", { layer: chainId });
    await records.remove(hexOf(chainId));
  }
  const wanted = new Set([...records.all.values()].map(({ chainId }) => hexOf(chainId).slice(0, nameLength)));
  for (const name of await readdir(home)) if (!wanted.has(name)) await removeTree(path.join(home, name));
  const kept = new Set([...records.all.keys()].map((hex) => path.basename(recipeFile(`sha256:${hex}`))));
  for (const name of await readdir(recipes)) if (!kept.has(name)) await rm(path.join(recipes, name));

  const stage = async (tar: AsyncIterable<Uint8Array>): Promise<StagedLayer> => {
    const staging = temporary(home);
    await mkdir(staging, { mode: 0o755 });
    const hash = createHash("sha256");
    let tarSize = 0;
    const hashed = async function* () {
      for await (const chunk of tar) {
        hash.update(chunk);
        tarSize += chunk.length;
        yield chunk;
      }
    };
    try {
      const { size } = await unpackLayer(hashed(), staging);
      return { directory: staging, size, tarSize, diffId: `sha256:${hash.digest("hex")}` };
    } catch (error) {
      await removeTree(staging);
      throw error;
    }
  };

  return {
    all: records.all,
    get: (chainId) => records.get(hexOf(chainId)),
    directory,
    stage,
    stageUpper: async (upper, lowers, { move }) => {
      const recipe = temporary(recipes);
      const hash = createHash("sha256");
      let size = 0;
      let tarSize = 0;
      const layer = async function* () {
        const output = zlib.createZstdCompress();
        const written = finished(output.pipe(createWriteStream(recipe, { mode: 0o600 })));
        written.catch(() => {});
        const pieces = packLayer(upper, lowers);
        for (;;) {
          const next = await pieces.next();
          if (next.done === true) {
            size = next.value;
            break;
          }
          const { data, isHeader } = next.value;
          hash.update(data);
          tarSize += data.length;
          if (isHeader) output.write(data);
          yield data;
        }
        output.end();
        await written;
      };
      try {
        if (!move) return { ...(await stage(layer())), recipe };
        for await (const _ of layer());
        const staging = temporary(home);
        await rename(upper, staging);
        return { directory: staging, size, tarSize, recipe, diffId: `sha256:${hash.digest("hex")}` };
      } catch (error) {
        await rm(recipe, { force: true });
        throw error;
      }
    },
    discard: async ({ directory: staging, recipe }) => {
      await removeTree(staging);
      if (recipe !== undefined) await rm(recipe, { force: true });
    },
    place: async (staged, parent, blob) => {
      const chainId = chainIdOf(parent, staged.diffId);
      if (records.get(hexOf(chainId)) !== undefined) {
        await removeTree(staged.directory);
        if (staged.recipe !== undefined) await rm(staged.recipe, { force: true });
        return chainId;
      }
      const { diffId, size, tarSize } = staged;
      // Known at once: whoever comes with the same layer meanwhile finds it.
      const record: LayerRecord = {
        chainId,
        diffId,
        size,
        tarSize,
        created: new Date().toISOString(),
        unsynced: bootId,
        ...(parent !== undefined && { parent }),
        ...(blob !== undefined && { blob }),
      };
      await removeTree(directory(chainId));
      if (staged.recipe !== undefined) await rename(staged.recipe, recipeFile(chainId));
      await rename(staged.directory, directory(chainId));
      await records.put(hexOf(chainId), record, { sync: false });
      return chainId;
    },
    settle: async (chainIds) => {
      await Promise.all(
        chainIds.map(async (chainId) => {
          const record = records.get(hexOf(chainId));
          if (record?.unsynced === undefined) return;
          const { unsynced: _, ...settled } = record;
          await records.put(hexOf(chainId), settled, { sync: true });
        }),
      );
    },
    rememberPushed: async (chainId, pushed) => {
      const record = records.get(hexOf(chainId));
      if (record !== undefined) await records.put(hexOf(chainId), { ...record, pushed }, { sync: false });
    },
    tar: (chainId) => {
      const record = records.get(hexOf(chainId));
      if (record === undefined) throw new Error(`the layer ${chainId} is not here`);
      if (record.blob !== undefined) return decompress(blobs.read(record.blob.digest));
      const recipe = createReadStream(recipeFile(chainId)).pipe(zlib.createZstdDecompress());
      return packFromRecipe(recipe, directory(chainId));
    },
    remove: async (chainId) => {
      await records.remove(hexOf(chainId));
      await removeTree(directory(chainId));
      await rm(recipeFile(chainId), { force: true });
    },
  };
}

function decodeLayer(value: unknown, id: string): LayerRecord {
  const { chainId, diffId, size } = (value ?? {}) as Partial<LayerRecord>;
  if (chainId !== `sha256:${id}` || typeof diffId !== "string" || !isDigest(diffId) || typeof size !== "number") {
    throw new Error("it is not the record of a layer");
  }
  return value as LayerRecord;
}
