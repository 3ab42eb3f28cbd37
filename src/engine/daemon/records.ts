/** The records of one kind: a JSON document each, kept in memory and on disk. */

import { createHash, randomBytes } from "node:crypto";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import { isDiskFull } from "../refusal.ts";
import { makeFolder, moveDurably, removeFileDurably, temporaryPrefix, writeFileDurably } from "./durable.ts";
import type { Log } from "./ground.ts";

export interface Records<T> {
  /** By ID, as they are now. */
  readonly all: ReadonlyMap<string, T>;
  get(id: string): T | undefined;
  /**
   * Takes a record in at once and writes it; resolves when it is written. `sync`: it survives a power cut, not only the
   * daemon's death. Writes of one record are carried out in order; of several that wait only the last one is. A new record
   * that cannot be written is forgotten again; one that is there can be written on a full disk too, from the reserve.
   */
  put(id: string, record: T, options: { readonly sync: boolean }): Promise<void>;
  /** Forgets a record at once and removes its file. */
  remove(id: string): Promise<void>;
}

export interface RecordsOptions<T> {
  /** Where the files are: `<id>.json`. Made where it is missing. */
  readonly folder: string;
  /** Makes a record of what was read; throws, with the reason, where it is none. */
  readonly decode: (value: unknown, id: string) => T;
  readonly log: Log;
}

/** Reads all records. A damaged one is set aside, with its reason in the log: it never keeps the daemon from starting. */
export async function openRecords<T>({ folder, decode, log }: RecordsOptions<T>): Promise<Records<T>> {
  await makeFolder(folder);
  const all = new Map<string, T>();
  for (const name of (await readdir(folder)).toSorted()) {
    const file = path.join(folder, name);
    if (name.startsWith(temporaryPrefix)) await removeFileDurably(file);
    if (!name.endsWith(extension) || name.startsWith(".")) continue;
    const id = name.slice(0, -extension.length);
    try {
      all.set(id, decode(unseal(await readFile(file, "utf8")), id));
    } catch (error) {
      const aside = path.join(folder, "damaged");
      log("error", `a damaged record is set aside: ${file}`, { reason: String(error), aside });
      await makeFolder(aside);
      await moveDurably(file, path.join(aside, `${Date.now()}-${name}`));
    }
  }
  const reserve = await openReserve(path.join(folder, ".reserve"));
  await reserve.fill();
  return keepRecords(folder, all, reserve);
}

interface Reserve {
  /** Does the work again, with the reserve's bytes free, where it failed for want of space. */
  help(work: () => Promise<void>): Promise<void>;
  /** Sets the bytes aside again where they are not; as long as the disk is full they are not. */
  fill(): Promise<void>;
}

const reserveSize = 256 * 1024;

/** Bytes that are set aside on the disk: stopping and removing what fills it takes a few writes first. */
async function openReserve(file: string): Promise<Reserve> {
  let isFull = await stat(file).then(
    ({ size }) => size === reserveSize,
    () => false,
  );
  const fill = async () => {
    if (isFull) return;
    isFull = true;
    await writeFileDurably(file, randomBytes(reserveSize), { sync: false }).catch((error: unknown) => {
      isFull = false;
      if (!isDiskFull(error)) throw error;
    });
  };
  return {
    fill,
    help: async (work) => {
      try {
        await work();
      } catch (error) {
        if (!isDiskFull(error)) throw error;
        await rm(file, { force: true });
        isFull = false;
        await work();
        await fill();
      }
    },
  };
}

const extension = ".json";

interface Pending<T> {
  /** What to write next, and whether to sync; undefined: nothing waits. */
  next: { readonly record: T | undefined; readonly sync: boolean } | undefined;
  running: Promise<void>;
}

function keepRecords<T>(folder: string, all: Map<string, T>, reserve: Reserve): Records<T> {
  const pending = new Map<string, Pending<T>>();
  /** What has a file. */
  const known = new Set(all.keys());

  const write = async (id: string, record: T | undefined, sync: boolean) => {
    const file = path.join(folder, `${id}${extension}`);
    if (record !== undefined) {
      const put = () => writeFileDurably(file, seal(record), { sync });
      return known.has(id) ? reserve.help(put) : put();
    }
    await removeFileDurably(file);
    await reserve.fill();
  };

  const schedule = (id: string, record: T | undefined, sync: boolean): Promise<void> => {
    const before = pending.get(id);
    if (before?.next !== undefined) {
      before.next = { record, sync: sync || before.next.sync };
      return before.running;
    }
    const mine: Pending<T> = { next: { record, sync }, running: Promise.resolve() };
    const settled = before?.running.catch(() => {}) ?? Promise.resolve();
    mine.running = settled.then(async () => {
      const { next } = mine;
      mine.next = undefined;
      if (next !== undefined) await write(id, next.record, next.sync);
      if (next?.record === undefined) known.delete(id);
      else known.add(id);
      if (pending.get(id) === mine) pending.delete(id);
    });
    pending.set(id, mine);
    return mine.running;
  };

  return {
    all,
    get: (id) => all.get(id),
    put: (id, record, { sync }) => {
      all.set(id, record);
      return schedule(id, record, sync).catch((error: unknown) => {
        if (!known.has(id) && all.get(id) === record) all.delete(id);
        throw error;
      });
    },
    remove: (id) => {
      all.delete(id);
      return schedule(id, undefined, true);
    },
  };
}

/** A record as text: its JSON, and a line with the JSON's checksum. */
function seal(record: unknown): string {
  const json = JSON.stringify(record);
  return `${json}\n${checksum(json)}\n`;
}

function unseal(text: string): unknown {
  const [json = "", sum] = text.split("\n");
  if (sum !== checksum(json)) throw new Error("its checksum does not match");
  return JSON.parse(json);
}

const checksum = (json: string) => `sha256:${createHash("sha256").update(json).digest("hex")}`;
