/** The calls that only look: list and inspect. */

import { lstat, readdir } from "node:fs/promises";
import path from "node:path";
import type { ContainerSummary, Engine } from "../api.ts";
import { containerFilter } from "./filter.ts";
import { tellContainer } from "./inspect.ts";
import { nameFilesOf } from "./network.ts";
import type { ContainerRecord } from "./record.ts";
import type { Room } from "./room.ts";
import { isRunning } from "./state.ts";
import { summarise } from "./summary.ts";

/** `execsOf`: the processes that run in a container beside its first one. */
export function openLooks(
  room: Room,
  execsOf: (id: string) => readonly string[],
): Pick<Engine, "containerList" | "containerInspect"> {
  const measure = openMeasure(room);
  return {
    containerList: async ({ all, limit = 0, size, filters = {} }) => {
      const matches = containerFilter(filters, {
        find: (reference) => room.registry.find(reference).record,
        imageOf: (reference) => imageOf(room, reference),
      });
      // Whoever asks for states, or for the last ones, means stopped containers too.
      const everything =
        all === true || limit > 0 || ["status", "exited", "before", "since"].some((key) => key in filters);
      const records = room.registry
        .all()
        .map(({ record }) => record)
        .filter((record) => record.phase !== "creating" && matches(record))
        .filter((record) => everything || isRunning(record.state) || record.state.status === "restarting")
        .toSorted((a, b) => (a.created < b.created ? 1 : -1));
      const chosen = limit > 0 ? records.slice(0, limit) : records;
      const now = Date.now();
      return Promise.all(
        chosen.map(
          async (record): Promise<ContainerSummary> => ({
            ...summarise(record, now),
            ...(size === true && (await measure(record))),
          }),
        ),
      );
    },
    containerInspect: async ({ id, size }) => {
      const { record } = room.registry.find(id);
      const layers = await layersOf(room, record);
      const files = nameFilesOf(room, record);
      const told = tellContainer(record, { places: room.places, files, layers, execs: execsOf(record.id) });
      return size === true ? { ...told, ...(await measure(record)) } : told;
    },
  };
}

function imageOf({ images }: Room, reference: string): string | undefined {
  try {
    return images.find(reference).id;
  } catch {
    return undefined;
  }
}

/** An image that was taken away by force leaves a container that can still be looked at. */
async function layersOf({ images }: Room, { image }: ContainerRecord): Promise<readonly string[]> {
  try {
    return await images.layers(images.find(image.id));
  } catch {
    return [];
  }
}

interface Sizes {
  readonly SizeRw: number;
  readonly SizeRootFs: number;
}

/** Bytes of a container's own layer, and with the image's. Layers never change: each is measured once. */
function openMeasure(room: Room): (record: ContainerRecord) => Promise<Sizes> {
  const known = new Map<string, Promise<number>>();
  const measureLayer = (layer: string) => {
    const size = known.get(layer) ?? sizeOf(layer);
    known.set(layer, size);
    return size;
  };
  return async (record) => {
    const [SizeRw, ...layers] = await Promise.all([
      sizeOf(room.places.of(record.id).upper),
      ...(await layersOf(room, record)).map(measureLayer),
    ]);
    return { SizeRw: SizeRw ?? 0, SizeRootFs: layers.reduce((sum, size) => sum + size, SizeRw ?? 0) };
  };
}

/** What the regular files below a directory hold; a file with several names counts once. */
export async function sizeOf(folder: string): Promise<number> {
  const seen = new Set<string>();
  const visit = async (file: string): Promise<number> => {
    const entries = await readdir(file, { withFileTypes: true }).catch(() => []);
    let sum = 0;
    for (const entry of entries) {
      const child = path.join(file, entry.name);
      if (entry.isDirectory()) sum += await visit(child);
      if (!entry.isFile()) continue;
      const stats = await lstat(child).catch(() => undefined);
      if (stats === undefined) continue;
      const key = `${stats.dev} ${stats.ino}`;
      if (stats.nlink > 1 && seen.has(key)) continue;
      seen.add(key);
      sum += stats.size;
    }
    return sum;
  };
  return visit(folder);
}
