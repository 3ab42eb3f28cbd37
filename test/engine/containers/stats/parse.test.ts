import { describe, expect, it } from "vitest";
import {
  type Machine,
  parseNetDev,
  parseVersion1,
  parseVersion2,
  systemUsage,
} from "../../../../src/engine/containers/stats/parse.ts";

const machine: Machine = {
  memory: 16_000_000_000,
  cpus: 2,
  stat: "cpu  100 10 50 1000 20 5 5 10 30 0\ncpu0 50 5 25 500 10 0 0 0 0 0\nintr 1\n",
};

describe("a sample", () => {
  it("of control groups, version 1", () => {
    const sample = parseVersion1(
      new Map([
        ["cpuacct.usage", "123456789\n"],
        ["cpuacct.usage_percpu", "100000000 23456789 \n"],
        ["cpuacct.stat", "user 7\nsystem 3\n"],
        ["cpu.stat", "nr_periods 4\nnr_throttled 1\nthrottled_time 99\n"],
        ["memory.usage_in_bytes", "4096\n"],
        ["memory.limit_in_bytes", "9223372036854771712\n"],
        ["memory.stat", "cache 1\ntotal_inactive_file 2048\n"],
        ["pids.current", "3\n"],
        ["pids.max", "max\n"],
        ["blkio.throttle.io_service_bytes_recursive", "8:0 Read 10\n8:0 Write 20\nTotal 30\n"],
      ]),
      machine,
    );
    expect(sample.cpu_stats).toMatchObject({
      cpu_usage: { total_usage: 123456789, usage_in_usermode: 70_000_000, percpu_usage: [100000000, 23456789] },
      system_cpu_usage: 12_000_000_000,
      online_cpus: 2,
      throttling_data: { periods: 4, throttled_periods: 1, throttled_time: 99 },
    });
    expect(sample.memory_stats).toMatchObject({
      usage: 4096,
      limit: 16_000_000_000,
      stats: { total_inactive_file: 2048 },
    });
    expect(sample.pids_stats).toEqual({ current: 3 });
    expect(sample.blkio_stats.io_service_bytes_recursive).toEqual([
      { major: 8, minor: 0, op: "Read", value: 10 },
      { major: 8, minor: 0, op: "Write", value: 20 },
    ]);
  });

  it("of control groups, version 2", () => {
    const sample = parseVersion2(
      new Map([
        ["cpu.stat", "usage_usec 2000\nuser_usec 1500\nsystem_usec 500\nnr_periods 1\nthrottled_usec 3\n"],
        ["memory.current", "8192\n"],
        ["memory.max", "1048576\n"],
        ["memory.stat", "inactive_file 100\n"],
        ["pids.current", "1\n"],
        ["pids.max", "100\n"],
        ["io.stat", "254:0 rbytes=1 wbytes=2 rios=1\n"],
      ]),
      machine,
    );
    expect(sample.cpu_stats.cpu_usage).toEqual({
      total_usage: 2_000_000,
      usage_in_usermode: 1_500_000,
      usage_in_kernelmode: 500_000,
    });
    expect(sample.memory_stats).toEqual({ usage: 8192, limit: 1048576, stats: { inactive_file: 100 } });
    expect(sample.pids_stats).toEqual({ current: 1, limit: 100 });
    expect(sample.blkio_stats.io_service_bytes_recursive).toHaveLength(2);
  });

  it("without any controller counts nothing", () => {
    expect(parseVersion2(new Map(), machine).memory_stats.usage).toBe(0);
    expect(parseVersion1(new Map(), machine).blkio_stats.io_service_bytes_recursive).toBeNull();
    expect(systemUsage("")).toBe(0);
  });
});

it("interfaces are counted without the loopback", () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0
  eth0:    2000      20    1    2    0     0          0         0     3000      30    3    4    0     0       0          0
`;
  expect(parseNetDev(text)).toEqual({
    eth0: {
      rx_bytes: 2000,
      rx_packets: 20,
      rx_errors: 1,
      rx_dropped: 2,
      tx_bytes: 3000,
      tx_packets: 30,
      tx_errors: 3,
      tx_dropped: 4,
    },
  });
});
