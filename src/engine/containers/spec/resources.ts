/** Limits: HostConfig's to the `linux.resources` object of config.json, which the runtime takes for both versions of control groups. */

import type { HostResources } from "../../api.ts";

/** What numbers block devices have: by path. */
export type DeviceNumbers = (path: string) => { readonly major: number; readonly minor: number };

/** How many processes a container may have where it does not say: a fork bomb must not take the host's last PID. */
const usualPids = 4096;

export function resourcesSpec(host: HostResources, numbers: DeviceNumbers): Record<string, unknown> {
  const memory = memorySpec(host);
  const cpu = cpuSpec(host);
  const blockIO = blockSpec(host, numbers);
  // The docker CLI sends 0 where nothing is asked for; -1 is no limit.
  const pids = host.PidsLimit || usualPids;
  return {
    ...(Object.keys(memory).length > 0 && { memory }),
    ...(Object.keys(cpu).length > 0 && { cpu }),
    ...(Object.keys(blockIO).length > 0 && { blockIO }),
    // A new group has no limit; crun would write -1 as it stands, which the kernel refuses.
    ...(pids > 0 && { pids: { limit: pids } }),
  };
}

/** Bytes of memory and swap together: with a limit of memory and none of swap, as much swap as memory. 0: no limit. */
export function memoryAndSwap({ Memory = 0, MemorySwap = 0 }: HostResources): number {
  if (MemorySwap !== 0) return MemorySwap;
  return Memory > 0 ? Memory * 2 : 0;
}

function memorySpec(host: HostResources): Record<string, unknown> {
  const { Memory = 0, MemoryReservation = 0, MemorySwappiness, OomKillDisable } = host;
  const swap = memoryAndSwap(host);
  return {
    ...(Memory > 0 && { limit: Memory }),
    ...(MemoryReservation > 0 && { reservation: MemoryReservation }),
    ...(swap !== 0 && Memory > 0 && { swap }),
    ...(MemorySwappiness != null && MemorySwappiness >= 0 && { swappiness: MemorySwappiness }),
    ...(OomKillDisable === true && { disableOOMKiller: true }),
  };
}

function cpuSpec(host: HostResources): Record<string, unknown> {
  const { CpuShares = 0, CpuPeriod = 0, CpuQuota = 0, NanoCpus = 0, CpusetCpus = "", CpusetMems = "" } = host;
  const { CpuRealtimePeriod = 0, CpuRealtimeRuntime = 0 } = host;
  const period = NanoCpus > 0 ? 100_000 : CpuPeriod;
  const quota = NanoCpus > 0 ? Math.round((NanoCpus * period) / 1e9) : CpuQuota;
  return {
    ...(CpuShares > 0 && { shares: CpuShares }),
    ...(period > 0 && { period }),
    ...(quota !== 0 && { quota }),
    ...(CpuRealtimePeriod > 0 && { realtimePeriod: CpuRealtimePeriod }),
    ...(CpuRealtimeRuntime > 0 && { realtimeRuntime: CpuRealtimeRuntime }),
    ...(CpusetCpus !== "" && { cpus: CpusetCpus }),
    ...(CpusetMems !== "" && { mems: CpusetMems }),
  };
}

function blockSpec(host: HostResources, numbers: DeviceNumbers): Record<string, unknown> {
  const throttle = (list: readonly { Path: string; Rate: number }[] | null | undefined) =>
    (list ?? []).map(({ Path, Rate }) => ({ ...numbers(Path), rate: Rate }));
  const lists = {
    weightDevice: (host.BlkioWeightDevice ?? []).map(({ Path, Weight }) => ({ ...numbers(Path), weight: Weight })),
    throttleReadBpsDevice: throttle(host.BlkioDeviceReadBps),
    throttleWriteBpsDevice: throttle(host.BlkioDeviceWriteBps),
    throttleReadIOPSDevice: throttle(host.BlkioDeviceReadIOps),
    throttleWriteIOPSDevice: throttle(host.BlkioDeviceWriteIOps),
  };
  const given = Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0));
  return { ...((host.BlkioWeight ?? 0) > 0 && { weight: host.BlkioWeight }), ...given };
}
