import { homedir } from "node:os";
import { resolve } from "node:path";
import { parseDevice } from "../../compose/short/devices.ts";
import { parseDuration } from "../../compose/short/duration.ts";
import type { Parsed } from "../../compose/short/parsed.ts";
import { parsePorts } from "../../compose/short/ports.ts";
import { parseSize } from "../../compose/short/size.ts";
import type {
  ContainerCreateBody,
  EndpointSettings,
  HealthConfig,
  HostConfig,
  HostResources,
  PortMap,
  RestartPolicySpec,
} from "../../engine/api.ts";
import { UsageError } from "../../errors.ts";
import { exposedPorts } from "../../reconcile/body-ports.ts";
import { listOf, present } from "../../reconcile/present.ts";
import type { containerFlags, limitFlags } from "./container-flags.ts";
import { mountOf } from "./container-mount.ts";
import { type FlagsOf, readPairs } from "./engine-verb.ts";

export type ContainerFlags = FlagsOf<typeof containerFlags>;
type LimitFlags = FlagsOf<typeof limitFlags>;

export interface Command {
  readonly image: string;
  readonly words: readonly string[];
  /** The variables and labels of files and flags, in this order. */
  readonly environment: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** The ends of this process that are the container's. */
  readonly attach: { readonly stdin: boolean; readonly output: boolean };
}

/**
 * What is sent to the engine for the flags of `container run` and `create`, as docker's command line maps them. Pure but for
 * paths, which are relative to the current directory. Throws UsageError for a value that is not understood.
 */
export function containerBody(flags: ContainerFlags, command: Command): ContainerCreateBody {
  const { image, words, environment, labels, attach } = command;
  const volumes = (flags.volume ?? []).filter((text) => !text.includes(":"));
  const ports = (flags.publish ?? []).flatMap((text) => read("publish", parsePorts(text)));
  const exposed = (flags.expose ?? []).flatMap((text) => {
    const found = exposedPorts(text);
    if (found.length === 0) throw new UsageError(`--expose: "${text}" is not PORT[-PORT][/PROTOCOL]`);
    return found;
  });
  const all = [...exposed, ...ports.map(({ target, protocol }) => `${target}/${protocol}`)];
  return present<ContainerCreateBody>({
    Image: image,
    Cmd: words.length === 0 ? undefined : [...words],
    Entrypoint: flags.entrypoint === undefined ? undefined : flags.entrypoint === "" ? [""] : [flags.entrypoint],
    Hostname: flags.hostname,
    Domainname: flags.domainname,
    User: flags.user,
    AttachStdin: attach.stdin,
    AttachStdout: attach.output,
    AttachStderr: attach.output,
    OpenStdin: flags.interactive,
    StdinOnce: attach.stdin,
    Tty: flags.tty,
    Env: listOf(environment),
    Labels: labels,
    // Engines below API 1.44 read it here, later ones with the network.
    MacAddress: flags["mac-address"],
    ExposedPorts: all.length === 0 ? undefined : Object.fromEntries(all.map((port) => [port, {}])),
    Volumes: volumes.length === 0 ? undefined : Object.fromEntries(volumes.map((path) => [path, {}])),
    WorkingDir: flags.workdir,
    Healthcheck: healthOf(flags),
    StopSignal: flags["stop-signal"],
    StopTimeout: flags["stop-timeout"],
    HostConfig: hostOf(flags, bindingsOf(ports)),
    NetworkingConfig: networkingOf(flags),
  });
}

function hostOf(flags: ContainerFlags, bindings: PortMap | undefined): HostConfig {
  const binds = (flags.volume ?? []).filter((text) => text.includes(":")).map(absolute);
  return present<HostConfig>({
    ...limitsOf(flags),
    AutoRemove: flags.rm || undefined,
    Binds: listOf(binds),
    CapAdd: listOf(flags["cap-add"]),
    CapDrop: listOf(flags["cap-drop"]),
    CgroupParent: flags["cgroup-parent"],
    CgroupnsMode: flags.cgroupns,
    DeviceCgroupRules: listOf(flags["device-cgroup-rule"]),
    DeviceRequests: flags.gpus === undefined ? undefined : [gpusOf(flags.gpus)],
    Devices: listOf((flags.device ?? []).map(deviceOf)),
    Dns: listOf(flags.dns),
    DnsOptions: listOf(flags["dns-option"]),
    DnsSearch: listOf(flags["dns-search"]),
    ExtraHosts: listOf((flags["add-host"] ?? []).map((text) => text.replace(/^([^:=]+)=/, "$1:"))),
    GroupAdd: listOf(flags["group-add"]),
    Init: flags.init || undefined,
    IpcMode: flags.ipc,
    Links: listOf(flags.link),
    LogConfig:
      flags["log-driver"] === undefined && flags["log-opt"] === undefined
        ? undefined
        : { ...(flags["log-driver"] && { Type: flags["log-driver"] }), Config: readPairs(flags["log-opt"]) },
    Mounts: listOf((flags.mount ?? []).map(mountOf)),
    NetworkMode: flags.network,
    OomKillDisable: flags["oom-kill-disable"] || undefined,
    OomScoreAdj: flags["oom-score-adj"],
    PidMode: flags.pid,
    PortBindings: bindings,
    Privileged: flags.privileged || undefined,
    PublishAllPorts: flags["publish-all"] || undefined,
    ReadonlyRootfs: flags["read-only"] || undefined,
    Runtime: flags.runtime,
    SecurityOpt: listOf(flags["security-opt"]),
    ShmSize: sizeOf("shm-size", flags["shm-size"]),
    StorageOpt: flags["storage-opt"] && readPairs(flags["storage-opt"]),
    Sysctls: flags.sysctl && readPairs(flags.sysctl),
    Tmpfs:
      flags.tmpfs &&
      Object.fromEntries(
        flags.tmpfs.map((text) => text.split(/:(.*)/s)).map(([path = "", options = ""]) => [path, options]),
      ),
    UTSMode: flags.uts,
    Ulimits: listOf((flags.ulimit ?? []).map(ulimitOf)),
    UsernsMode: flags.userns,
    VolumeDriver: flags["volume-driver"],
    VolumesFrom: listOf(flags["volumes-from"]),
  });
}

/** The limits of resources, and what happens at the end. */
export function limitsOf(flags: LimitFlags): HostResources & { RestartPolicy?: RestartPolicySpec } {
  return present<HostResources & { RestartPolicy?: RestartPolicySpec }>({
    BlkioWeight: flags["blkio-weight"],
    CpuPeriod: flags["cpu-period"],
    CpuQuota: flags["cpu-quota"],
    CpuShares: flags["cpu-shares"],
    CpusetCpus: flags["cpuset-cpus"],
    CpusetMems: flags["cpuset-mems"],
    Memory: sizeOf("memory", flags.memory),
    MemoryReservation: sizeOf("memory-reservation", flags["memory-reservation"]),
    MemorySwap: sizeOf("memory-swap", flags["memory-swap"]),
    NanoCpus: flags.cpus === undefined ? undefined : cpusOf(flags.cpus),
    PidsLimit: flags["pids-limit"],
    RestartPolicy: flags.restart === undefined ? undefined : restartOf(flags.restart),
  });
}

function restartOf(text: string): RestartPolicySpec {
  const [, name = "", count] = /^(no|always|unless-stopped|on-failure)(?::(\d+))?$/.exec(text) ?? [];
  if (name === "" || (count !== undefined && name !== "on-failure")) {
    throw new UsageError(`--restart: "${text}" is no policy`, {
      hint: "write no, always, unless-stopped or on-failure[:5]",
    });
  }
  return { Name: name, ...(count !== undefined && { MaximumRetryCount: Number(count) }) };
}

function cpusOf(text: string): number {
  const cpus = Number(text);
  if (text.trim() === "" || !Number.isFinite(cpus) || cpus < 0)
    throw new UsageError(`--cpus: "${text}" is not a number`);
  return Math.round(cpus * 1e9);
}

function healthOf(flags: ContainerFlags): HealthConfig | undefined {
  const time = (flag: "health-interval" | "health-timeout" | "health-start-period") => {
    const given = flags[flag];
    return given === undefined ? undefined : read(flag, parseDuration(given));
  };
  const own = present<HealthConfig>({
    Test: flags["health-cmd"] === undefined ? undefined : ["CMD-SHELL", flags["health-cmd"]],
    Interval: time("health-interval"),
    Timeout: time("health-timeout"),
    StartPeriod: time("health-start-period"),
    Retries: flags["health-retries"],
  });
  const hasOwn = Object.keys(own).length > 0;
  if (!flags["no-healthcheck"]) return hasOwn ? own : undefined;
  if (hasOwn) throw new UsageError("--no-healthcheck contradicts the other flags of the health check");
  return { Test: ["NONE"] };
}

function networkingOf(flags: ContainerFlags): ContainerCreateBody["NetworkingConfig"] {
  const addresses = present({ IPv4Address: flags.ip, IPv6Address: flags.ip6 });
  const endpoint = present<EndpointSettings>({
    IPAMConfig: Object.keys(addresses).length === 0 ? undefined : addresses,
    Aliases: listOf(flags["network-alias"]),
    MacAddress: flags["mac-address"],
    Links: flags.link && flags.network !== undefined ? flags.link : undefined,
  });
  if (Object.keys(endpoint).length === 0) return undefined;
  return { EndpointsConfig: { [flags.network ?? "bridge"]: endpoint } };
}

function bindingsOf(ports: readonly { host_ip?: string; target: number; published?: string; protocol: string }[]) {
  if (ports.length === 0) return undefined;
  const byTarget = Map.groupBy(ports, ({ target, protocol }) => `${target}/${protocol}`);
  return Object.fromEntries(
    [...byTarget].map(([key, list]) => [
      key,
      list.map(({ host_ip = "", published = "" }) => ({ HostIp: host_ip, HostPort: published })),
    ]),
  );
}

/** A bind mount of a path here; a volume's name stays. */
function absolute(text: string): string {
  const [source = "", rest = ""] = text.split(/:(.*)/s);
  if (/^\.{1,2}(\/|$)/.test(source)) return `${resolve(source)}:${rest}`;
  return source.startsWith("~/") ? `${resolve(homedir(), source.slice(2))}:${rest}` : text;
}

function deviceOf(text: string) {
  const { source, target, permissions } = read("device", parseDevice(text));
  return { PathOnHost: source, PathInContainer: target, CgroupPermissions: permissions };
}

function gpusOf(text: string) {
  if (text !== "all" && !/^\d+$/.test(text)) throw new UsageError(`--gpus: "${text}" is neither all nor a number`);
  return { Count: text === "all" ? -1 : Number(text), Capabilities: [["gpu"]] };
}

function ulimitOf(text: string) {
  const [, Name = "", soft = "", hard = soft] = /^(\w+)=(-?\d+)(?::(-?\d+))?$/.exec(text) ?? [];
  if (Name === "") throw new UsageError(`--ulimit: "${text}" is not NAME=SOFT[:HARD]`);
  return { Name, Soft: Number(soft), Hard: Number(hard) };
}

function sizeOf(flag: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : read(flag, parseSize(text));
}

function read<T>(flag: string, parsed: Parsed<T>): T {
  if (parsed.error === undefined) return parsed.value;
  throw new UsageError(`--${flag}: ${parsed.error}`, parsed.hint === undefined ? {} : { hint: parsed.hint });
}
