import type { BlkioConfig, DeviceMapping, DeviceRequest, Service } from "../compose/model.ts";
import type { DeviceRequestSpec, HostResources, RestartPolicySpec } from "../engine/api.ts";
import type { Warn } from "./body-facts.ts";
import { listOf, present } from "./present.ts";

/** Limits, reservations and devices. `deploy.resources` wins over the older attributes of the service. */
export function resourcePart(service: Service): HostResources {
  const { limits, reservations } = service.deploy?.resources ?? {};
  const cpus = limits?.cpus || service.cpus;
  const { cdi, devices } = devicesOf(service.devices ?? []);
  return present<HostResources>({
    CgroupParent: service.cgroup_parent,
    Memory: limits?.memory || service.mem_limit,
    MemorySwap: service.memswap_limit,
    MemorySwappiness: service.mem_swappiness,
    MemoryReservation: reservations?.memory || service.mem_reservation,
    OomKillDisable: service.oom_kill_disable,
    NanoCpus: cpus === undefined ? undefined : Math.round(cpus * 1e9),
    CpuCount: service.cpu_count,
    CpuPercent: service.cpu_percent,
    CpuPeriod: service.cpu_period,
    CpuQuota: service.cpu_quota,
    CpuRealtimePeriod: service.cpu_rt_period,
    CpuRealtimeRuntime: service.cpu_rt_runtime,
    CpuShares: service.cpu_shares,
    CpusetCpus: service.cpuset,
    PidsLimit: limits?.pids || service.pids_limit || undefined,
    Ulimits: listOf([...(service.ulimits ?? [])].map(([Name, { soft, hard }]) => ({ Name, Soft: soft, Hard: hard }))),
    DeviceCgroupRules: listOf(service.device_cgroup_rules),
    Devices: listOf(devices),
    DeviceRequests: listOf([
      ...(cdi.length > 0 ? [{ Driver: "cdi", DeviceIDs: cdi }] : []),
      ...(service.gpus ?? []).map((gpu) => requestOf(gpu, ["gpu"])),
      ...(reservations?.devices ?? []).map((device) => requestOf(device, [])),
    ]),
    ...blkioOf(service.blkio_config),
  });
}

/**
 * `deploy.restart_policy`, else `restart` (`on-failure:3`). A policy without a condition does not restart: docker
 * compose reads it so, though the Compose Specification names `any` as the default.
 */
export function restartPart(service: Service, warn: Warn): RestartPolicySpec | undefined {
  const policy = service.deploy?.restart_policy;
  if (policy === undefined) {
    const [name = "", count] = service.restart?.split(":") ?? [];
    return name === "" ? undefined : restartOf(name, count === undefined ? undefined : Number(count));
  }
  const path = ["deploy", "restart_policy"];
  if (policy.delay !== undefined) warn("no-effect", [...path, "delay"], "delay: an engine chooses its own delay");
  if (policy.window !== undefined) warn("no-effect", [...path, "window"], "window: an engine has no such setting");
  const name = policy.condition ?? "none";
  if (policy.max_attempts !== undefined && name !== "on-failure") {
    warn("no-effect", [...path, "max_attempts"], "max_attempts is counted only with condition on-failure");
  }
  return restartOf(name, policy.max_attempts);
}

function restartOf(condition: string, attempts: number | undefined): RestartPolicySpec {
  const names: ReadonlyMap<string, string> = new Map([
    ["none", "no"],
    ["any", "always"],
  ]);
  const Name = names.get(condition) ?? condition;
  return attempts === undefined || Name !== "on-failure" ? { Name } : { Name, MaximumRetryCount: attempts };
}

/** A device with a qualified CDI name (`vendor.com/class=device`) is the runtime's to look up. */
function devicesOf(mappings: readonly DeviceMapping[]) {
  const cdi: string[] = [];
  const devices: NonNullable<HostResources["Devices"]> = [];
  for (const { source, target = source, permissions = "rwm" } of mappings) {
    if (source === target && /^[A-Za-z][\w.-]*\/[A-Za-z][\w-]*=[A-Za-z0-9][\w.:-]*$/.test(source)) cdi.push(source);
    else devices.push({ PathOnHost: source, PathInContainer: target, CgroupPermissions: permissions });
  }
  return { cdi, devices };
}

function requestOf(device: DeviceRequest, implied: readonly string[]): DeviceRequestSpec {
  return present<DeviceRequestSpec>({
    Driver: device.driver,
    Count: device.count,
    DeviceIDs: listOf(device.device_ids),
    Capabilities: [[...new Set([...(device.capabilities ?? []), ...implied])]],
    Options: device.options === undefined ? undefined : Object.fromEntries(device.options),
  });
}

function blkioOf(config: BlkioConfig | undefined): HostResources {
  const rates = (list: BlkioConfig["device_read_bps"]) =>
    listOf(list?.map(({ path, rate }) => ({ Path: path, Rate: rate })));
  return present<HostResources>({
    BlkioWeight: config?.weight,
    BlkioWeightDevice: listOf(config?.weight_device?.map(({ path, weight }) => ({ Path: path, Weight: weight }))),
    BlkioDeviceReadBps: rates(config?.device_read_bps),
    BlkioDeviceReadIOps: rates(config?.device_read_iops),
    BlkioDeviceWriteBps: rates(config?.device_write_bps),
    BlkioDeviceWriteIOps: rates(config?.device_write_iops),
  });
}
