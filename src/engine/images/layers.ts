/**
 * Layers, unpacked: a directory each, named after the digest of its tar: what it holds does not depend on what it lies upon,
 * so stacks share it. Its record is written when its content is on the disk. What the layer's tar was is kept too, as the blob that it came as or, for one
 * made here, as a recipe, so that the image can leave again byte for byte.
 */

import { createHash, randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { finished } from "node:stream/promises";
import zlib from "node:zlib";
import { removeTree } from "../containers/rootfs/remove-tree.ts";
import { makeFolder, temporaryPrefix } from "../daemon/durable.ts";
import type { Ground } from "../daemon/ground.ts";
import { openRecords } from "../daemon/records.ts";
import { hexOf } from "../digest.ts";
import type { Blobs } from "./blobs.ts";
import { decompress } from "./decompress.ts";
import { type PackedPiece, packFromRecipe, packLayer } from "./pack.ts";
import { unpackLayer } from "./unpack.ts";
import { type Unpacked, unpackHashed } from "./unpack-hashed.ts";
import { unpack } from "./unpackers.ts";

export interface LayerRecord {
  /** The digest of its tar, not compressed. */
  readonly diffId: string;
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
  /** The layer that it differs little from: its directory holds only what is new or other. That layer holds all of its own. */
  readonly upon?: string;
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
  readonly upon?: string;
}

export interface Layers {
  readonly all: ReadonlyMap<string, LayerRecord>;
  get(diffId: string): LayerRecord | undefined;
  directory(diffId: string): string;
  /**
   * The directories of a stack, the lowest first. overlayfs takes each but once: of a layer that lies there twice the upper one
   * counts, which hides all that the lower one holds.
   */
  stack(diffIds: readonly string[]): readonly string[];
  /** Unpacks a layer's tar, not compressed. Throws TarError for a bad one; nothing is left behind. */
  stage(tar: AsyncIterable<Uint8Array>): Promise<StagedLayer>;
  /** The same with a layer as it travels, compressed or not; the chunks that come are not to be used any more. */
  stagePacked(bytes: AsyncIterable<readonly Uint8Array[]>): Promise<StagedLayer>;
  /** Makes a layer of a tar that is made here, piece by piece: it needs no blob, for its recipe is kept. */
  stageMade(pieces: AsyncGenerator<PackedPiece, unknown>): Promise<StagedLayer>;
  /**
   * The same for a layer that has all that another one has, and little more: only the change is unpacked, a tar of members that
   * are new or other, with the directories that they lie in. `upon` stands on no other, and is held meanwhile.
   */
  stageChange(
    pieces: AsyncGenerator<PackedPiece, unknown>,
    change: AsyncIterable<Uint8Array>,
    upon: string,
  ): Promise<StagedLayer>;
  /** Makes an overlay's upper directory a layer: it is moved. `lowers`: the directories below it, the lowest first. */
  takeUpper(upper: string, lowers: readonly string[]): Promise<StagedLayer>;
  discard(staged: StagedLayer): Promise<void>;
  /** Puts a staged layer in place. Not synced; one that is there already stays. Its digest. */
  place(staged: StagedLayer, blob?: LayerBlob): Promise<string>;
  /** After the file system was synced: these layers are to be trusted for good. */
  settle(diffIds: readonly string[]): Promise<void>;
  /** Remembers what a layer was pushed as. */
  rememberPushed(diffId: string, pushed: LayerBlob): Promise<void>;
  /** The layer's tar, as it was. */
  tar(diffId: string): AsyncIterable<Buffer>;
  /** Removes a layer with all that belongs to it, but not its blob. */
  remove(diffId: string): Promise<void>;
}

/** Names of this length keep 60 layers within the one page that mount(2) takes. */
const nameLength = 32;

export async function openLayers({ dataRoot, bootId, log }: Ground, blobs: Blobs): Promise<Layers> {
  const home = path.join(dataRoot, "layers");
  const recipes = path.join(dataRoot, "images", "recipes");
  await Promise.all([makeFolder(home), makeFolder(recipes)]);
  const directory = (diffId: string) => path.join(home, hexOf(diffId).slice(0, nameLength));
  const recipeFile = (diffId: string) => path.join(recipes, `${hexOf(diffId)}.tar.zst`);
  const temporary = (folder: string) => path.join(folder, `${temporaryPrefix}${randomBytes(8).toString("hex")}`);

  const records = await openRecords<LayerRecord>({
    folder: path.join(dataRoot, "images", "layers"),
    decode: decodeLayer,
    log,
  });
  for (const { diffId, unsynced } of [...records.all.values()]) {
    if (unsynced === undefined || unsynced === bootId) continue;
    log("warn", "a layer was not on the disk before the machine went down; it is dropped", { layer: diffId });
    await records.remove(hexOf(diffId));
  }
  for (const { diffId, upon } of [...records.all.values()]) {
    if (upon === undefined || records.get(hexOf(upon)) !== undefined) continue;
    log("warn", "a layer lacks the one that it stands on; it is dropped", { layer: diffId });
    await records.remove(hexOf(diffId));
  }
  const wanted = new Set([...records.all.values()].map(({ diffId }) => hexOf(diffId).slice(0, nameLength)));
  for (const name of await readdir(home)) if (!wanted.has(name)) await removeTree(path.join(home, name));
  const kept = new Set([...records.all.keys()].map((hex) => path.basename(recipeFile(`sha256:${hex}`))));
  for (const name of await readdir(recipes)) if (!kept.has(name)) await rm(path.join(recipes, name));

  const stageBy = async (fill: (staging: string) => Promise<Unpacked>): Promise<StagedLayer> => {
    const staging = temporary(home);
    await mkdir(staging, { mode: 0o755 });
    try {
      return { directory: staging, ...(await fill(staging)) };
    } catch (error) {
      await removeTree(staging);
      throw error;
    }
  };
  const stage = (tar: AsyncIterable<Uint8Array>) => stageBy((staging) => unpackHashed(tar, staging));

  /** Layers that are being put in place. */
  const placing = new Map<string, Promise<void>>();
  /** Gone from its place at once, so that it can come again meanwhile; what it held goes bit by bit. */
  const vanish = async (diffId: string) => {
    const doomed = temporary(home);
    try {
      await rename(directory(diffId), doomed);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return;
      throw error;
    }
    await removeTree(doomed);
  };

  /** What a layer's files lie in, the lowest first. */
  const partsOf = (diffId: string): readonly string[] => {
    const { upon } = records.get(hexOf(diffId)) ?? {};
    return upon === undefined ? [directory(diffId)] : [directory(upon), directory(diffId)];
  };

  const putInPlace = async (staged: StagedLayer, blob: LayerBlob | undefined): Promise<string> => {
    const { diffId, size, tarSize, upon } = staged;
    if (records.get(hexOf(diffId)) !== undefined) {
      await removeTree(staged.directory);
      if (staged.recipe !== undefined) await rm(staged.recipe, { force: true });
      return diffId;
    }
    const record: LayerRecord = {
      diffId,
      size,
      tarSize,
      created: new Date().toISOString(),
      unsynced: bootId,
      ...(upon !== undefined && { upon }),
      ...(blob !== undefined && { blob }),
    };
    await vanish(diffId);
    if (staged.recipe !== undefined) await rename(staged.recipe, recipeFile(diffId));
    await rename(staged.directory, directory(diffId));
    await records.put(hexOf(diffId), record, { sync: false });
    return diffId;
  };

  return {
    all: records.all,
    get: (diffId) => records.get(hexOf(diffId)),
    directory,
    stage,
    stagePacked: (bytes) => stageBy((staging) => unpack(bytes, staging)),
    stageMade: async (pieces) => {
      const made = writeRecipe(pieces, temporary(recipes));
      try {
        return { ...(await stage(made.tar())), recipe: made.recipe };
      } catch (error) {
        await rm(made.recipe, { force: true });
        throw error;
      }
    },
    stageChange: async (pieces, change, upon) => {
      const made = writeRecipe(pieces, temporary(recipes));
      const staging = temporary(home);
      await mkdir(staging, { mode: 0o755 });
      try {
        const [whole] = await Promise.all([digestOfTar(made.tar()), unpackLayer(change, staging)]);
        return { ...whole, directory: staging, size: made.size(), recipe: made.recipe, upon };
      } catch (error) {
        await removeTree(staging);
        await rm(made.recipe, { force: true });
        throw error;
      }
    },
    takeUpper: async (upper, lowers) => {
      const made = writeRecipe(packLayer(upper, lowers), temporary(recipes));
      try {
        const whole = await digestOfTar(made.tar());
        const staging = temporary(home);
        await rename(upper, staging);
        return { ...whole, directory: staging, size: made.size(), recipe: made.recipe };
      } catch (error) {
        await rm(made.recipe, { force: true });
        throw error;
      }
    },
    discard: async ({ directory: staging, recipe }) => {
      await removeTree(staging);
      if (recipe !== undefined) await rm(recipe, { force: true });
    },
    stack: (diffIds) => {
      const all = diffIds.flatMap(partsOf);
      return all.filter((part, i) => !all.includes(part, i + 1));
    },
    place: (staged, blob) => {
      const { diffId } = staged;
      // Whoever comes with the same layer meanwhile waits, and finds it there.
      const mine = (placing.get(diffId) ?? Promise.resolve()).then(() => putInPlace(staged, blob));
      const settled = mine.then(
        () => {},
        () => {},
      );
      placing.set(diffId, settled);
      void settled.then(() => {
        if (placing.get(diffId) === settled) placing.delete(diffId);
      });
      return mine;
    },
    settle: async (diffIds) => {
      const all = diffIds.flatMap((diffId) => [diffId, records.get(hexOf(diffId))?.upon ?? []].flat());
      await Promise.all(
        [...new Set(all)].map(async (diffId) => {
          const record = records.get(hexOf(diffId));
          if (record?.unsynced === undefined) return;
          const { unsynced: _, ...settled } = record;
          await records.put(hexOf(diffId), settled, { sync: true });
        }),
      );
    },
    rememberPushed: async (diffId, pushed) => {
      const record = records.get(hexOf(diffId));
      if (record !== undefined) await records.put(hexOf(diffId), { ...record, pushed }, { sync: false });
    },
    tar: (diffId) => {
      const record = records.get(hexOf(diffId));
      if (record === undefined) throw new Error(`the layer ${diffId} is not here`);
      if (record.blob !== undefined) return decompress(blobs.read(record.blob.digest));
      const recipe = createReadStream(recipeFile(diffId)).pipe(zlib.createZstdDecompress());
      return packFromRecipe(recipe, partsOf(diffId).toReversed());
    },
    remove: async (diffId) => {
      await records.remove(hexOf(diffId));
      await vanish(diffId);
      await rm(recipeFile(diffId), { force: true });
    },
  };
}

/** Passes a tar on and writes its recipe; `size` is known when it has passed. */
function writeRecipe(pieces: AsyncGenerator<PackedPiece, unknown>, recipe: string) {
  let size: unknown;
  return {
    recipe,
    size: () => (typeof size === "number" ? size : 0),
    tar: async function* (): AsyncGenerator<Buffer> {
      const output = zlib.createZstdCompress();
      const written = finished(output.pipe(createWriteStream(recipe, { mode: 0o600 })));
      written.catch(() => {});
      const headers = openBatch();
      const all = openBatch();
      for (let next = await pieces.next(); ; next = await pieces.next()) {
        if (next.done === true) {
          size = next.value;
          break;
        }
        const { data, isHeader } = next.value;
        if (isHeader && headers.add(data)) output.write(headers.take());
        if (all.add(data)) yield all.take();
      }
      yield all.take();
      output.end(headers.take());
      await written;
    },
  };
}

const batchLength = 128 * 1024;

/** Small pieces that go on as one: each step on the way costs more than their bytes. */
function openBatch() {
  let pieces: Buffer[] = [];
  let length = 0;
  return {
    /** Whether it is time to take. */
    add: (piece: Buffer): boolean => {
      pieces.push(piece);
      length += piece.length;
      return length >= batchLength;
    },
    take: (): Buffer => {
      const [first = Buffer.alloc(0), ...rest] = pieces;
      const bytes = rest.length === 0 ? first : Buffer.concat(pieces, length);
      pieces = [];
      length = 0;
      return bytes;
    },
  };
}

async function digestOfTar(tar: AsyncIterable<Uint8Array>): Promise<Pick<StagedLayer, "diffId" | "tarSize">> {
  const hash = createHash("sha256");
  let tarSize = 0;
  for await (const data of tar) {
    hash.update(data);
    tarSize += data.length;
  }
  return { diffId: `sha256:${hash.digest("hex")}`, tarSize };
}

function decodeLayer(value: unknown, id: string): LayerRecord {
  const { diffId, size } = (value ?? {}) as Partial<LayerRecord>;
  if (diffId !== `sha256:${id}` || typeof size !== "number") {
    throw new Error("it is not the record of a layer");
  }
  return value as LayerRecord;
}
