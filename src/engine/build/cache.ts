/** What steps of builds made, by what they were made of. */

import path from "node:path";
import type { BuildCacheEntry, Filters } from "../api.ts";
import type { Ground } from "../daemon/ground.ts";
import { openRecords } from "../daemon/records.ts";
import { hexOf } from "../digest.ts";
import type { ImagesRoom } from "../images/room.ts";
import { badRequest } from "../refusal.ts";
import { parseDuration } from "./duration.ts";

export interface CacheRecord {
  /** 64 hexadecimal digits. */
  readonly key: string;
  /** The layer that the step made; absent: none. */
  readonly diffId?: string;
  /** What the step was, as its image's history says it. */
  readonly description: string;
  /** RFC 3339. */
  readonly created: string;
  readonly lastUsed: string;
  readonly uses: number;
}

export interface BuildCache {
  /** What a step made when it was done before; undefined where it was not, or the layer is gone. */
  get(key: string): CacheRecord | undefined;
  /**
   * Notes what a step made. Of builds that do the same step at the same time the first to end counts, for all of them: the
   * images of the next builds are the same then. `replace`: what was known is not wanted any more.
   */
  put(
    key: string,
    diffId: string | undefined,
    description: string,
    options?: { readonly replace: boolean },
  ): Promise<CacheRecord>;
  entries(): readonly BuildCacheEntry[];
  /** `all`: also what images have in them. `keep`: bytes that may stay, the last used ones. */
  prune(options: { readonly all: boolean; readonly filters: Filters; readonly keep?: number | undefined }): Promise<{
    CachesDeleted: string[] | null;
    SpaceReclaimed: number;
  }>;
}

export async function openCache({ dataRoot, log }: Ground, images: ImagesRoom): Promise<BuildCache> {
  const records = await openRecords<CacheRecord>({ folder: path.join(dataRoot, "builds", "cache"), decode, log });
  images.catalog.holders.push(() => [...records.all.values()].flatMap(({ diffId }) => diffId ?? []));
  const sizeOf = ({ diffId }: CacheRecord) => (diffId === undefined ? 0 : (images.layers.get(diffId)?.size ?? 0));
  const inImages = () => new Set([...images.catalog.images.values()].flatMap(({ diffIds }) => diffIds));

  const underWay = new Map<string, Promise<CacheRecord>>();
  const usable = (key: string): CacheRecord | undefined => {
    const record = records.get(key);
    const isGone = record?.diffId !== undefined && images.layers.get(record.diffId) === undefined;
    return isGone ? undefined : record;
  };

  return {
    get: (key) => {
      const record = usable(key);
      if (record === undefined) return undefined;
      const used = { ...record, lastUsed: new Date().toISOString(), uses: record.uses + 1 };
      // Lost with the daemon, it is only forgotten that it was used.
      records
        .put(key, used, { sync: false })
        .catch((error: unknown) => log("warn", "a use of the build cache is not noted", { error: String(error) }));
      return used;
    },
    put: (key, diffId, description, { replace } = { replace: false }) => {
      const before = usable(key);
      const first = underWay.get(key) ?? (before === undefined ? undefined : Promise.resolve(before));
      if (first !== undefined && !replace) return first;
      const now = new Date().toISOString();
      const record = {
        key,
        description,
        created: now,
        lastUsed: now,
        uses: 0,
        ...(diffId !== undefined && { diffId }),
      };
      const written = records
        .put(key, record, { sync: false })
        .then(() => record)
        .finally(() => underWay.delete(key));
      underWay.set(key, written);
      return written;
    },
    entries: () => {
      const shared = inImages();
      return [...records.all.values()].map((record) => ({
        ID: record.key.slice(0, 25),
        Type: "regular",
        Description: record.description,
        InUse: false,
        Shared: record.diffId !== undefined && shared.has(record.diffId),
        Size: sizeOf(record),
        CreatedAt: record.created,
        LastUsedAt: record.lastUsed,
        UsageCount: record.uses,
        Parents: null,
      }));
    },
    prune: async ({ all, filters, keep }) => {
      const until = untilOf(filters);
      const shared = inImages();
      const before = [...images.layers.all.values()];
      let kept = 0;
      const doomed = [...records.all.values()]
        .toSorted((a, b) => (a.lastUsed < b.lastUsed ? 1 : -1))
        .filter((record) => {
          if (!all && record.diffId !== undefined && shared.has(record.diffId)) return false;
          if (until !== undefined && Date.parse(record.lastUsed) > until) return false;
          kept += sizeOf(record);
          return keep === undefined || keep === 0 || kept > keep;
        });
      for (const { key } of doomed) await records.remove(key);
      await images.catalog.collect(doomed.flatMap(({ diffId }) => diffId ?? []));
      const gone = before.filter(({ diffId }) => images.layers.get(diffId) === undefined);
      return {
        CachesDeleted: doomed.length === 0 ? null : doomed.map(({ key }) => key.slice(0, 25)),
        SpaceReclaimed: gone.reduce((sum, { size }) => sum + size, 0),
      };
    },
  };
}

const pruneKeys = [
  "until",
  "unused-for",
  "id",
  "type",
  "description",
  "inuse",
  "shared",
  "private",
  "parent",
  "unused-for",
];

/** Milliseconds of Unix time. EngineError 400 for a filter that there is not. */
function untilOf(filters: Filters): number | undefined {
  const unknown = Object.keys(filters).find((key) => !pruneKeys.includes(key));
  if (unknown !== undefined) throw badRequest(`invalid filter '${unknown}'`);
  const other = Object.keys(filters).find((key) => key !== "until" && key !== "unused-for");
  if (other !== undefined) throw badRequest(`the filter '${other}' of the build cache is not supported`);
  const [value] = filters.until ?? filters["unused-for"] ?? [];
  if (value === undefined) return undefined;
  const duration = parseDuration(value);
  if (duration === undefined)
    throw badRequest(`invalid value "${value}" for the filter until: expected a duration such as 24h`);
  return Date.now() - duration / 1e6;
}

function decode(value: unknown, id: string): CacheRecord {
  const record = (value ?? {}) as Partial<CacheRecord>;
  const { key, diffId, description, created, lastUsed, uses } = record;
  if (key !== id || typeof description !== "string" || typeof created !== "string" || typeof lastUsed !== "string") {
    throw new Error("it is not the record of a build's step");
  }
  if (diffId !== undefined && hexOf(diffId).length !== 64) throw new Error("its layer has no digest");
  return { key, description, created, lastUsed, uses: uses ?? 0, ...(diffId !== undefined && { diffId }) };
}
