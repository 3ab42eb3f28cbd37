import type { HostConfig } from "../engine/api.ts";
import { canonicalText } from "./fields.ts";

/** A property of HostConfig: its field, and what the engine may put there when nothing is asked for. */
interface Compared {
  readonly field: string;
  /** The engine's choice depends on its version, host or configuration: nothing wanted is nothing to compare. */
  readonly unknown?: true;
  readonly defaults?: readonly unknown[];
  /** The engine leaves it out where the kernel cannot keep it: nothing there is nothing to compare. */
  readonly mayLack?: true;
  /** The order of the list says nothing. */
  readonly set?: true;
  /** How an entry of the list is compared, where one thing may be written in two ways. */
  readonly as?: (entry: unknown) => unknown;
  /** Each key of the record is a field. */
  readonly keyed?: true;
}

const compared: ReadonlyMap<keyof HostConfig, Compared> = new Map<keyof HostConfig, Compared>([
  ["Annotations", { field: "annotations", keyed: true }],
  ["BlkioDeviceReadBps", { field: "blkio_config.device_read_bps", mayLack: true }],
  ["BlkioDeviceReadIOps", { field: "blkio_config.device_read_iops", mayLack: true }],
  ["BlkioDeviceWriteBps", { field: "blkio_config.device_write_bps", mayLack: true }],
  ["BlkioDeviceWriteIOps", { field: "blkio_config.device_write_iops", mayLack: true }],
  ["BlkioWeight", { field: "blkio_config.weight", mayLack: true }],
  ["BlkioWeightDevice", { field: "blkio_config.weight_device", mayLack: true }],
  ["CapAdd", { field: "cap_add", set: true, as: capability }],
  ["CapDrop", { field: "cap_drop", set: true, as: capability }],
  ["CgroupParent", { field: "cgroup_parent" }],
  ["CgroupnsMode", { field: "cgroup", unknown: true }],
  ["CpuCount", { field: "cpu_count" }],
  ["CpuPercent", { field: "cpu_percent" }],
  ["CpuRealtimePeriod", { field: "cpu_rt_period", mayLack: true }],
  ["CpuRealtimeRuntime", { field: "cpu_rt_runtime", mayLack: true }],
  ["DeviceCgroupRules", { field: "device_cgroup_rules", set: true }],
  ["DeviceRequests", { field: "gpus" }],
  ["Devices", { field: "devices", set: true }],
  ["Dns", { field: "dns" }],
  ["DnsOptions", { field: "dns_opt" }],
  ["DnsSearch", { field: "dns_search" }],
  ["ExtraHosts", { field: "extra_hosts", set: true }],
  ["GroupAdd", { field: "group_add", set: true }],
  ["Init", { field: "init" }],
  ["IpcMode", { field: "ipc", defaults: ["private", "shareable"] }],
  ["Isolation", { field: "isolation", unknown: true }],
  ["LogConfig", { field: "logging", unknown: true }],
  ["MemorySwappiness", { field: "mem_swappiness", mayLack: true, defaults: [-1] }],
  ["NetworkMode", { field: "network_mode" }],
  ["OomKillDisable", { field: "oom_kill_disable", mayLack: true, unknown: true }],
  ["OomScoreAdj", { field: "oom_score_adj" }],
  ["PidMode", { field: "pid" }],
  ["Privileged", { field: "privileged" }],
  ["ReadonlyRootfs", { field: "read_only" }],
  ["Runtime", { field: "runtime", unknown: true }],
  ["ShmSize", { field: "shm_size", defaults: [64 * 1024 * 1024] }],
  ["StorageOpt", { field: "storage_opt", keyed: true }],
  ["Sysctls", { field: "sysctls", keyed: true }],
  ["Tmpfs", { field: "tmpfs", keyed: true }],
  ["UTSMode", { field: "uts" }],
  ["Ulimits", { field: "ulimits", unknown: true, set: true }],
  ["UsernsMode", { field: "userns_mode" }],
  ["VolumesFrom", { field: "volumes_from", set: true, as: withoutMode }],
]);

/** Fields of HostConfig but for mounts, ports, limits and the restart policy. */
export function* hostDiff(wanted: HostConfig, actual: HostConfig): Iterable<string> {
  for (const [property, how] of compared) {
    const [want, have] = [wanted[property], actual[property]];
    if (isEmpty(want) && (how.unknown || how.defaults?.includes(have))) continue;
    if (isEmpty(have) && how.mayLack) continue;
    if (how.keyed) yield* keysOf(how.field, want, have);
    else if (textOf(want, how) !== textOf(have, how)) yield how.field;
  }
  yield* securityDiff(wanted, actual);
}

/**
 * `security_opt`. With `privileged`, or a shared pid or ipc namespace, the engine adds label=disable by itself; what
 * it masks by default depends on its version.
 */
function* securityDiff(wanted: HostConfig, actual: HostConfig): Iterable<string> {
  const options = (config: HostConfig) =>
    (config.SecurityOpt ?? []).filter((option) => option !== "label=disable").sort();
  const unmasked = (config: HostConfig) => config.MaskedPaths?.length === 0;
  const masks = wanted.Privileged !== true && unmasked(wanted) !== unmasked(actual);
  if (canonicalText(options(wanted)) !== canonicalText(options(actual)) || masks) yield "security_opt";
}

function* keysOf(field: string, want: unknown, have: unknown): Iterable<string> {
  const [a, b] = [new Map(Object.entries(want ?? {})), new Map(Object.entries(have ?? {}))];
  for (const key of new Set([...a.keys(), ...b.keys()])) if (a.get(key) !== b.get(key)) yield `${field}.${key}`;
}

/** null, "", 0, false, [] and {} are all "nothing" in the engine's answers. */
function isEmpty(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length === 0;
  return !value;
}

function textOf(value: unknown, { set, as }: Compared): string {
  if (isEmpty(value)) return "";
  const text = (item: unknown) => canonicalText(withoutEmpty(as === undefined ? item : as(item)));
  if (Array.isArray(value)) {
    const items = value.map(text);
    return (set ? items.sort() : items).join(",");
  }
  return text(value);
}

function withoutEmpty(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, item]) => !isEmpty(item)));
}

/** The engine writes `net_admin` as CAP_NET_ADMIN. */
function capability(name: unknown): string {
  return String(name).toUpperCase().replace(/^CAP_/, "");
}

/** docker compose drops the mode of `volumes_from: [db:ro]`. */
function withoutMode(entry: unknown): string {
  return String(entry).replace(/:[a-z,]+$/i, "");
}
