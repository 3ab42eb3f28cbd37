import { expect, it } from "vitest";
import type { ContainerStats } from "../../src/engine/api.ts";
import { statsRow } from "../../src/ui/stats-row.ts";

const cpu = (total: number, system: number) => ({
  cpu_usage: { total_usage: total, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  system_cpu_usage: system,
  online_cpus: 2,
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
});
const network = { rx_packets: 0, rx_errors: 0, rx_dropped: 0, tx_packets: 0, tx_errors: 0, tx_dropped: 0 };
const sample: ContainerStats = {
  id: "0123456789abcdef",
  name: "/shop-web-1",
  read: "",
  preread: "",
  cpu_stats: cpu(3_000_000_000, 12_000_000_000),
  precpu_stats: cpu(2_000_000_000, 10_000_000_000),
  memory_stats: { usage: 3 * 1024 * 1024, limit: 1024 ** 3, stats: { inactive_file: 1024 * 1024 } },
  pids_stats: { current: 2 },
  blkio_stats: {
    io_service_bytes_recursive: [
      { major: 8, minor: 0, op: "read", value: 1500 },
      { major: 8, minor: 0, op: "Write", value: 2_000_000 },
      { major: 8, minor: 0, op: "Total", value: 2_001_500 },
    ],
  },
  networks: {
    eth0: { ...network, rx_bytes: 800, tx_bytes: 0 },
    eth1: { ...network, rx_bytes: 66, tx_bytes: 1234 },
  },
};
const container = { id: "0123456789abcdef", name: "shop-web-1" };

it("has docker's numbers: half of two processors, memory without the cache that can go, all networks", () => {
  expect(statsRow(container, sample, true)).toEqual({
    BlockIO: "1.5kB / 2MB",
    CPUPerc: "100.00%",
    Container: "0123456789abcdef",
    ID: "0123456789ab",
    MemPerc: "0.20%",
    MemUsage: "2MiB / 1GiB",
    Name: "shop-web-1",
    NetIO: "866B / 1.23kB",
    PIDs: "2",
  });
});

it("is all zeros for a container that does not run, and whole ids on demand", () => {
  const row = statsRow(container, undefined, false);
  expect(row).toMatchObject({ ID: "0123456789abcdef", CPUPerc: "0.00%", MemUsage: "0B / 0B", PIDs: "0" });
});

it("has no share of the processor in the first sample, which has none before it", () => {
  const { system_cpu_usage: _, ...before } = cpu(0, 0);
  expect(statsRow(container, { ...sample, precpu_stats: before }, true).CPUPerc).toBe("0.00%");
});
