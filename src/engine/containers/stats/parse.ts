/**
 * What the kernel counts for a container, from the texts of its control groups and of /proc. Pure; a text that is empty
 * (the controller is not there) counts nothing.
 * Source: the kernel's Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst; proc_stat(5), proc_pid_net(5).
 */

import type { ContainerStats, CpuStats, NetworkStats } from "../../api.ts";

/** Clock ticks a second: USER_HZ, which is 100 on every Linux that Node runs on. */
const ticks = 100;
const perTick = 1_000_000_000 / ticks;

/** The files of one sample, by name: `cpu.stat`, `memory.current` … */
export type Texts = ReadonlyMap<string, string>;

export type Sample = Pick<ContainerStats, "cpu_stats" | "memory_stats" | "pids_stats" | "blkio_stats">;

/** A sample of control groups, version 1: `cpuacct.usage`, `memory.usage_in_bytes` … */
export function parseVersion1(texts: Texts, machine: Machine): Sample {
  const text = (name: string) => texts.get(name) ?? "";
  const cpu = parsePairs(text("cpuacct.stat"));
  const percpu = text("cpuacct.usage_percpu").trim();
  const throttling = parsePairs(text("cpu.stat"));
  return {
    cpu_stats: {
      cpu_usage: {
        total_usage: toNumber(text("cpuacct.usage")),
        usage_in_kernelmode: (cpu.system ?? 0) * perTick,
        usage_in_usermode: (cpu.user ?? 0) * perTick,
        ...(percpu !== "" && { percpu_usage: percpu.split(/\s+/).map(Number) }),
      },
      ...cpuOf(machine),
      throttling_data: {
        periods: throttling.nr_periods ?? 0,
        throttled_periods: throttling.nr_throttled ?? 0,
        throttled_time: throttling.throttled_time ?? 0,
      },
    },
    memory_stats: {
      usage: toNumber(text("memory.usage_in_bytes")),
      max_usage: toNumber(text("memory.max_usage_in_bytes")),
      limit: limitOf(text("memory.limit_in_bytes"), machine),
      stats: parsePairs(text("memory.stat")),
    },
    pids_stats: parsePids(texts),
    blkio_stats: { io_service_bytes_recursive: parseBlkio(text("blkio.throttle.io_service_bytes_recursive")) },
  };
}

/** A sample of control groups, version 2: `cpu.stat`, `memory.current` … */
export function parseVersion2(texts: Texts, machine: Machine): Sample {
  const text = (name: string) => texts.get(name) ?? "";
  const cpu = parsePairs(text("cpu.stat"));
  const micro = (name: string) => (cpu[name] ?? 0) * 1000;
  return {
    cpu_stats: {
      cpu_usage: {
        total_usage: micro("usage_usec"),
        usage_in_kernelmode: micro("system_usec"),
        usage_in_usermode: micro("user_usec"),
      },
      ...cpuOf(machine),
      throttling_data: {
        periods: cpu.nr_periods ?? 0,
        throttled_periods: cpu.nr_throttled ?? 0,
        throttled_time: micro("throttled_usec"),
      },
    },
    memory_stats: {
      usage: toNumber(text("memory.current")),
      limit: limitOf(text("memory.max"), machine),
      stats: parsePairs(text("memory.stat")),
    },
    pids_stats: parsePids(texts),
    blkio_stats: { io_service_bytes_recursive: parseIo(text("io.stat")) },
  };
}

/** What a sample is compared with. */
export interface Machine {
  /** Bytes of memory: a limit above it is none. */
  readonly memory: number;
  readonly cpus: number;
  /** `/proc/stat`. */
  readonly stat: string;
}

/** Nanoseconds that all processors have spent since the boot, idle or not. */
export function systemUsage(stat: string): number {
  const [, ...fields] = (/^cpu\s.*$/m.exec(stat)?.[0] ?? "").split(/\s+/);
  // Guest time is in user time already.
  return fields.slice(0, 8).reduce((sum, field) => sum + Number(field), 0) * perTick;
}

/** `/proc/PID/net/dev` by interface, without the loopback. */
export function parseNetDev(text: string): Readonly<Record<string, NetworkStats>> {
  const interfaces: [string, NetworkStats][] = [];
  for (const line of text.split("\n")) {
    const [, name, rest] = /^\s*([^:\s]+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || rest === undefined || name === "lo") continue;
    const fields = rest.trim().split(/\s+/).map(Number);
    const at = (index: number) => fields[index] ?? 0;
    interfaces.push([
      name,
      {
        rx_bytes: at(0),
        rx_packets: at(1),
        rx_errors: at(2),
        rx_dropped: at(3),
        tx_bytes: at(8),
        tx_packets: at(9),
        tx_errors: at(10),
        tx_dropped: at(11),
      },
    ]);
  }
  return Object.fromEntries(interfaces);
}

const cpuOf = ({ cpus, stat }: Machine): Pick<CpuStats, "system_cpu_usage" | "online_cpus"> => ({
  system_cpu_usage: systemUsage(stat),
  online_cpus: cpus,
});

function parsePids(texts: Texts): ContainerStats["pids_stats"] {
  const current = texts.get("pids.current") ?? "";
  const limit = (texts.get("pids.max") ?? "").trim();
  return {
    ...(current !== "" && { current: toNumber(current) }),
    ...(limit !== "" && limit !== "max" && { limit: Number(limit) }),
  };
}

/** Lines "name number". */
function parsePairs(text: string): Record<string, number> {
  return Object.fromEntries(
    text.split("\n").flatMap((line) => {
      const [name, value] = line.split(" ");
      return name === undefined || value === undefined ? [] : [[name, Number(value)]];
    }),
  );
}

/** Lines "8:0 Read 4096"; the line of totals has no device. */
function parseBlkio(text: string): Sample["blkio_stats"]["io_service_bytes_recursive"] {
  const entries = [...text.matchAll(/^(\d+):(\d+) (\w+) (\d+)$/gm)];
  if (entries.length === 0) return null;
  return entries.map(([, major, minor, op = "", value]) => ({
    major: Number(major),
    minor: Number(minor),
    op,
    value: Number(value),
  }));
}

/** Lines "8:0 rbytes=1 wbytes=2 …". */
function parseIo(text: string): Sample["blkio_stats"]["io_service_bytes_recursive"] {
  const entries = [...text.matchAll(/^(\d+):(\d+) (.*)$/gm)].flatMap(([, major, minor, rest = ""]) => {
    const value = (name: string) => Number(new RegExp(`\\b${name}=(\\d+)`).exec(rest)?.[1] ?? 0);
    const device = { major: Number(major), minor: Number(minor) };
    return [
      { ...device, op: "read", value: value("rbytes") },
      { ...device, op: "write", value: value("wbytes") },
    ];
  });
  return entries.length === 0 ? null : entries;
}

function limitOf(text: string, { memory }: Machine): number {
  const limit = Number(text.trim());
  return text.trim() === "" || !Number.isFinite(limit) || limit > memory ? memory : limit;
}

const toNumber = (text: string) => Number(text.trim()) || 0;
