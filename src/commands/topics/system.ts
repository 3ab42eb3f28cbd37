import type { DiskUsage } from "../../engine/api.ts";
import { envelope } from "../../ui/envelope.ts";
import { sizeText } from "../../ui/size-text.ts";
import { renderTable } from "../../ui/table.ts";
import { askYes } from "../ask.ts";
import { eventText } from "../events.ts";
import { parseTime } from "../time-flag.ts";
import { Flags } from "../verb.ts";
import { engineVerb, filterFlag, readFilters } from "./engine-verb.ts";
import { prunedContainers, prunedImages, prunedNetworks, prunedVolumes, showPruned, untouched } from "./pruned.ts";

/** What one kind of things takes up. */
interface Usage {
  readonly type: string;
  readonly total: number;
  readonly active: number;
  /** Bytes. */
  readonly size: number;
  readonly reclaimable: number;
}

/** `docker system df`. */
export const df = engineVerb({
  summary: "Show what takes up space",
  run: async ({ engine, flags }) => {
    const rows = usageOf(await engine.systemDf({}));
    const bytes = (value: number) => sizeText(value, "decimal", 4);
    const columns = [
      { heading: "TYPE", cell: ({ type }: Usage) => type },
      { heading: "TOTAL", cell: ({ total }: Usage) => String(total) },
      { heading: "ACTIVE", cell: ({ active }: Usage) => String(active) },
      { heading: "SIZE", cell: ({ size }: Usage) => bytes(size) },
      {
        heading: "RECLAIMABLE",
        cell: ({ size, reclaimable }: Usage) =>
          size > 0 ? `${bytes(reclaimable)} (${Math.floor((100 * reclaimable) / size)}%)` : bytes(0),
      },
    ];
    if (!flags.json) process.stdout.write(renderTable(columns, rows));
    return { data: { usage: rows } };
  },
});

/** The four lines of `system df`. */
export function usageOf({ LayersSize, Images, Containers, Volumes, BuildCache }: DiskUsage): readonly Usage[] {
  const sum = (sizes: readonly number[]) => sizes.reduce((all, size) => all + Math.max(0, size), 0);
  const images = Images ?? [];
  const containers = Containers ?? [];
  const volumes = Volumes ?? [];
  const cache = BuildCache ?? [];
  const idleImages = images.filter((image) => !((image.Containers ?? 0) > 0));
  const running = containers.filter(({ State }) => State === "running");
  const idleVolumes = volumes.filter(({ UsageData }) => !((UsageData?.RefCount ?? 0) > 0));
  const written = ({ SizeRw = 0 }: { readonly SizeRw?: number }) => SizeRw;
  return [
    {
      type: "Images",
      total: images.length,
      active: images.length - idleImages.length,
      size: LayersSize,
      reclaimable: Math.min(
        LayersSize,
        sum(idleImages.map(({ Size, SharedSize = 0 }) => Size - Math.max(0, SharedSize))),
      ),
    },
    {
      type: "Containers",
      total: containers.length,
      active: running.length,
      size: sum(containers.map(written)),
      reclaimable: sum(containers.filter(({ State }) => State !== "running").map(written)),
    },
    {
      type: "Local Volumes",
      total: volumes.length,
      active: volumes.length - idleVolumes.length,
      size: sum(volumes.map(({ UsageData }) => UsageData?.Size ?? 0)),
      reclaimable: sum(idleVolumes.map(({ UsageData }) => UsageData?.Size ?? 0)),
    },
    {
      type: "Build Cache",
      total: cache.length,
      active: cache.filter(({ InUse }) => InUse).length,
      size: sum(cache.map(({ Size }) => Size)),
      reclaimable: sum(cache.filter(({ InUse, Shared }) => !InUse && !Shared).map(({ Size }) => Size)),
    },
  ];
}

/** What the engine says about itself, as `name: value`, nested things as JSON. */
export const info = engineVerb({
  summary: "Show what the engine says of itself",
  run: async ({ engine, flags }) => {
    const found = await engine.info({});
    if (flags.json) return { data: { info: found } };
    const lines = Object.entries(found).flatMap(([name, value]) => {
      if (value === null || value === "" || value === undefined) return [];
      return [`${name}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}\n`];
    });
    process.stdout.write(lines.join(""));
    return undefined;
  },
});

/** `docker events`: of the whole engine. */
export const events = engineVerb({
  summary: "Show what happens on the engine",
  flags: {
    filter: filterFlag,
    since: Flags.string({ helpValue: "<time>", description: "from this time on: 42m, 2026-11-24T05:00:00Z" }),
    until: Flags.string({ helpValue: "<time>", description: "up to this time" }),
  },
  run: async ({ engine, flags }) => {
    const now = Date.now();
    const stream = await engine.events({
      filters: readFilters(flags.filter),
      ...(flags.since !== undefined && { since: parseTime("since", flags.since, now) }),
      ...(flags.until !== undefined && { until: parseTime("until", flags.until, now) }),
    });
    for await (const event of stream) {
      process.stdout.write(flags.json ? envelope("event", { event }) : `${eventText(event)}\n`);
    }
  },
});

export const prune = engineVerb({
  summary: "Remove what nothing uses: containers, networks, images",
  flags: {
    all: Flags.boolean({ char: "a", description: "images with a name too" }),
    filter: filterFlag,
    force: Flags.boolean({ char: "f", description: "do not ask" }),
    volumes: Flags.boolean({ description: "anonymous volumes too" }),
  },
  run: async ({ engine, flags }) => {
    const what = ["stopped containers", "networks and images without one", ...(flags.volumes ? ["volumes"] : [])];
    if (!flags.force && !(await askYes(`This removes ${what.join(", ")}. Are you sure?`))) return untouched;
    // Containers first: what only they used is free then.
    const filters = readFilters(flags.filter);
    const containers = await engine.containerPrune({ filters });
    const networks = await engine.networkPrune({ filters });
    const volumes = flags.volumes ? await engine.volumePrune({ filters }) : undefined;
    const images = await engine.imagePrune({ filters: { ...filters, dangling: [flags.all ? "false" : "true"] } });
    // What a build left has no labels.
    const cache = flags.filter === undefined ? await engine.buildPrune({ all: flags.all === true }) : undefined;
    const reclaimed = [containers, volumes, images, cache].reduce((all, part) => all + (part?.SpaceReclaimed ?? 0), 0);
    const gone = [...prunedContainers(containers), ...prunedNetworks(networks)];
    const more = [...(volumes ? prunedVolumes(volumes) : []), ...prunedImages(images)];
    return showPruned([...gone, ...more], reclaimed, flags);
  },
});
