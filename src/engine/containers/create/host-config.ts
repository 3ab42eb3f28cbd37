/** HostConfig with everything filled in that a client may leave out: what `inspect` tells, and what the container is made by. */

import type { HostConfig } from "../../api.ts";
import { maskedPaths, readonlyPaths } from "../spec/paths.ts";
import { memoryAndSwap } from "../spec/resources.ts";

/** Bytes of /dev/shm where nobody says. */
const usualShm = 64 * 1024 * 1024;

/** `runtime`: the OCI runtime that containers get. */
export function fillHostConfig(own: HostConfig, runtime: string): HostConfig {
  const privileged = own.Privileged === true;
  const networkMode =
    own.NetworkMode === undefined || ["", "default"].includes(own.NetworkMode) ? "bridge" : own.NetworkMode;
  return {
    ...own,
    Binds: own.Binds ?? null,
    LogConfig: { Type: own.LogConfig?.Type || "json-file", Config: own.LogConfig?.Config ?? {} },
    NetworkMode: networkMode,
    PortBindings: own.PortBindings ?? {},
    RestartPolicy: {
      Name: own.RestartPolicy?.Name || "no",
      MaximumRetryCount: own.RestartPolicy?.MaximumRetryCount ?? 0,
    },
    AutoRemove: own.AutoRemove ?? false,
    VolumeDriver: own.VolumeDriver ?? "",
    VolumesFrom: own.VolumesFrom ?? null,
    ConsoleSize: own.ConsoleSize ?? [0, 0],
    CapAdd: own.CapAdd ?? null,
    CapDrop: own.CapDrop ?? null,
    CgroupnsMode: own.CgroupnsMode || (privileged ? "host" : "private"),
    Dns: own.Dns ?? [],
    DnsOptions: own.DnsOptions ?? [],
    DnsSearch: own.DnsSearch ?? [],
    ExtraHosts: own.ExtraHosts ?? null,
    GroupAdd: own.GroupAdd ?? null,
    IpcMode: own.IpcMode || "private",
    Cgroup: own.Cgroup ?? "",
    Links: own.Links ?? null,
    OomScoreAdj: own.OomScoreAdj ?? 0,
    PidMode: own.PidMode ?? "",
    Privileged: privileged,
    PublishAllPorts: own.PublishAllPorts ?? false,
    ReadonlyRootfs: own.ReadonlyRootfs ?? false,
    SecurityOpt: own.SecurityOpt ?? null,
    UTSMode: own.UTSMode ?? "",
    UsernsMode: own.UsernsMode ?? "",
    ShmSize: own.ShmSize || usualShm,
    Runtime: own.Runtime || runtime,
    Isolation: own.Isolation ?? "",
    CpuShares: own.CpuShares ?? 0,
    Memory: own.Memory ?? 0,
    NanoCpus: own.NanoCpus ?? 0,
    CgroupParent: own.CgroupParent ?? "",
    BlkioWeight: own.BlkioWeight ?? 0,
    BlkioWeightDevice: own.BlkioWeightDevice ?? [],
    BlkioDeviceReadBps: own.BlkioDeviceReadBps ?? [],
    BlkioDeviceWriteBps: own.BlkioDeviceWriteBps ?? [],
    BlkioDeviceReadIOps: own.BlkioDeviceReadIOps ?? [],
    BlkioDeviceWriteIOps: own.BlkioDeviceWriteIOps ?? [],
    CpuPeriod: own.CpuPeriod ?? 0,
    CpuQuota: own.CpuQuota ?? 0,
    CpuRealtimePeriod: own.CpuRealtimePeriod ?? 0,
    CpuRealtimeRuntime: own.CpuRealtimeRuntime ?? 0,
    CpusetCpus: own.CpusetCpus ?? "",
    CpusetMems: own.CpusetMems ?? "",
    Devices: own.Devices ?? [],
    DeviceCgroupRules: own.DeviceCgroupRules ?? null,
    DeviceRequests: own.DeviceRequests ?? null,
    MemoryReservation: own.MemoryReservation ?? 0,
    MemorySwap: memoryAndSwap(own),
    MemorySwappiness: own.MemorySwappiness ?? null,
    OomKillDisable: own.OomKillDisable ?? null,
    PidsLimit: own.PidsLimit ?? null,
    Ulimits: own.Ulimits ?? [],
    CpuCount: own.CpuCount ?? 0,
    CpuPercent: own.CpuPercent ?? 0,
    MaskedPaths: own.MaskedPaths ?? (privileged ? null : [...maskedPaths]),
    ReadonlyPaths: own.ReadonlyPaths ?? (privileged ? null : [...readonlyPaths]),
  };
}
