import type { ContainerStats } from "../engine/api.ts";
import { sizeText } from "./size-text.ts";

/** What one container uses, as `docker stats --format json` has it. */
export interface StatsRow {
  readonly BlockIO: string;
  readonly CPUPerc: string;
  readonly Container: string;
  readonly ID: string;
  readonly MemPerc: string;
  readonly MemUsage: string;
  readonly Name: string;
  readonly NetIO: string;
  readonly PIDs: string;
}

/** The names that a template may use. */
export const statsFields: readonly (keyof StatsRow)[] = [
  "BlockIO",
  "CPUPerc",
  "Container",
  "ID",
  "MemPerc",
  "MemUsage",
  "Name",
  "NetIO",
  "PIDs",
];

/** Headings that are not the field's name. */
export const statsHeadings = {
  ID: "CONTAINER ID",
  CPUPerc: "CPU %",
  MemUsage: "MEM USAGE / LIMIT",
  MemPerc: "MEM %",
  NetIO: "NET I/O",
  BlockIO: "BLOCK I/O",
  PIDs: "PIDS",
} as const;

/**
 * One row of `stats`. Without a sample the container does not run, and uses nothing. The numbers are docker's: processor
 * time since the sample before as a share of one processor; memory without the page cache that can be given back.
 */
export function statsRow(
  { id, name }: { readonly id: string; readonly name: string },
  sample: ContainerStats | undefined,
  truncate: boolean,
): StatsRow {
  const usage = sample === undefined ? 0 : memoryUsage(sample);
  const limit = sample?.memory_stats.limit ?? 0;
  const { read, written } = blockTransfer(sample);
  const networks = Object.values(sample?.networks ?? {});
  const received = networks.reduce((sum, { rx_bytes }) => sum + rx_bytes, 0);
  const sent = networks.reduce((sum, { tx_bytes }) => sum + tx_bytes, 0);
  return {
    BlockIO: `${sizeText(read, "decimal")} / ${sizeText(written, "decimal")}`,
    CPUPerc: percent(sample === undefined ? 0 : processorShare(sample)),
    Container: id,
    ID: truncate ? id.slice(0, 12) : id,
    MemPerc: percent(limit === 0 ? 0 : (100 * usage) / limit),
    MemUsage: `${sizeText(usage, "binary")} / ${sizeText(limit, "binary")}`,
    Name: name,
    NetIO: `${sizeText(received, "decimal")} / ${sizeText(sent, "decimal")}`,
    PIDs: String(sample?.pids_stats.current ?? 0),
  };
}

/** Percent of one processor between the two samples. */
function processorShare({ cpu_stats: now, precpu_stats: before }: ContainerStats): number {
  const used = now.cpu_usage.total_usage - before.cpu_usage.total_usage;
  const passed = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0);
  const processors = now.online_cpus || now.cpu_usage.percpu_usage?.length || 1;
  // The first sample has none before it.
  if (used <= 0 || passed <= 0 || before.system_cpu_usage === undefined) return 0;
  return (used / passed) * processors * 100;
}

/** Bytes; cgroup 1 calls the cache that can go `total_inactive_file`, cgroup 2 `inactive_file`. */
function memoryUsage({ memory_stats: { usage = 0, stats = {} } }: ContainerStats): number {
  const cache = stats.total_inactive_file ?? stats.inactive_file ?? 0;
  return cache < usage ? usage - cache : usage;
}

function blockTransfer(sample: ContainerStats | undefined): { readonly read: number; readonly written: number } {
  let read = 0;
  let written = 0;
  for (const { op, value } of sample?.blkio_stats.io_service_bytes_recursive ?? []) {
    if (/^r/i.test(op)) read += value;
    else if (/^w/i.test(op)) written += value;
  }
  return { read, written };
}

function percent(value: number): string {
  return `${value.toFixed(2)}%`;
}
