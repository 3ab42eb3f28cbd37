/** Refuses, in docker's words, limits that make no sense (moby, daemon/daemon_unix.go, `verifyPlatformContainerResources`). EngineError 400. */

import type { HostResources } from "../../api.ts";
import { badRequest } from "../../refusal.ts";

const leastMemory = 6 * 1024 * 1024;

/** `cpus`: how many the host has. */
export function checkResources(host: HostResources, cpus: number): void {
  checkMemory(host);
  checkCpu(host, cpus);
  const weight = host.BlkioWeight ?? 0;
  if (weight !== 0 && (weight < 10 || weight > 1000)) throw badRequest("Range of blkio weight is from 10 to 1000");
  for (const { Weight } of host.BlkioWeightDevice ?? []) {
    if (Weight !== 0 && (Weight < 10 || Weight > 1000)) throw badRequest("Range of blkio weight is from 10 to 1000");
  }
}

function checkMemory(host: HostResources): void {
  const { Memory = 0, MemorySwap = 0, MemoryReservation = 0, MemorySwappiness } = host;
  if (Memory < 0 || (Memory !== 0 && Memory < leastMemory)) throw badRequest("Minimum memory limit allowed is 6MB");
  if (Memory > 0 && MemorySwap > 0 && MemorySwap < Memory) {
    throw badRequest("Minimum memoryswap limit should be larger than memory limit, see usage");
  }
  if (Memory === 0 && MemorySwap > 0) {
    throw badRequest("You should always set the Memory limit when using Memoryswap limit, see usage");
  }
  if (MemorySwappiness != null && (MemorySwappiness < -1 || MemorySwappiness > 100)) {
    throw badRequest(`Invalid value: ${MemorySwappiness}, valid memory swappiness range is 0-100`);
  }
  if (MemoryReservation !== 0 && MemoryReservation < leastMemory) {
    throw badRequest("Minimum memory reservation allowed is 6MB");
  }
  if (Memory > 0 && MemoryReservation > 0 && Memory < MemoryReservation) {
    throw badRequest("Minimum memory limit can not be less than memory reservation limit, see usage");
  }
}

function checkCpu(host: HostResources, cpus: number): void {
  const { NanoCpus = 0, CpuPeriod = 0, CpuQuota = 0, CpuShares = 0, CpusetCpus = "", CpusetMems = "" } = host;
  if (NanoCpus !== 0 && CpuPeriod !== 0) {
    throw badRequest("Conflicting options: Nano CPUs and CPU Period cannot both be set");
  }
  if (NanoCpus !== 0 && CpuQuota !== 0) {
    throw badRequest("Conflicting options: Nano CPUs and CPU Quota cannot both be set");
  }
  if (NanoCpus < 0 || NanoCpus > cpus * 1e9) {
    throw badRequest(`range of CPUs is from 0.01 to ${cpus}.00, as there are only ${cpus} CPUs available`);
  }
  if (CpuShares < 0) throw badRequest(`invalid CPU shares (${CpuShares}): value must be a positive integer`);
  if (CpuPeriod !== 0 && (CpuPeriod < 1000 || CpuPeriod > 1_000_000)) {
    throw badRequest("CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)");
  }
  if (CpuQuota > 0 && CpuQuota < 1000) throw badRequest("CPU cfs quota can not be less than 1ms (i.e. 1000)");
  for (const [name, value] of [
    ["cpus", CpusetCpus],
    ["mems", CpusetMems],
  ] as const) {
    if (!/^(\d+(-\d+)?(,\d+(-\d+)?)*)?$/.test(value)) throw badRequest(`Invalid value ${value} for cpuset ${name}`);
  }
  const greatest = Math.max(
    -1,
    ...CpusetCpus.split(/[,-]/)
      .filter((part) => part !== "")
      .map(Number),
  );
  if (greatest >= cpus) {
    throw badRequest(`Requested CPUs are not available - requested ${CpusetCpus}, available: 0-${cpus - 1}`);
  }
}
