/** The shapes of the bodies that calls about containers take. */

import type {
  ContainerConfig,
  ContainerCreateBody,
  ContainerUpdateBody,
  EndpointSettings,
  ExecCreateBody,
} from "../api.ts";
import { badRequest } from "../refusal.ts";
import { type Shape, takeShape } from "./shape.ts";

/** Every field of a type has to have its shape, so that none is forgotten when the contract grows. */
type Fields<T> = { readonly [K in keyof Required<T>]: Shape };

const strings: Shape = { list: "string" };
const labels: Shape = { map: "string" };
const keys: Shape = { map: { fields: {} } };
const record = (fields: Readonly<Record<string, Shape>>): Shape => ({ fields });

const endpoint: Fields<EndpointSettings> = {
  NetworkID: "string",
  EndpointID: "string",
  Gateway: "string",
  IPAddress: "string",
  IPPrefixLen: "int",
  IPv6Gateway: "string",
  GlobalIPv6Address: "string",
  GlobalIPv6PrefixLen: "int",
  MacAddress: "string",
  DNSNames: strings,
  IPAMConfig: record({ IPv4Address: "string", IPv6Address: "string", LinkLocalIPs: strings }),
  Aliases: strings,
  Links: strings,
  DriverOpts: labels,
  GwPriority: "int",
};

const rates: Shape = { list: record({ Path: "string", Rate: "int" }) };
const restartPolicy = record({ Name: "string", MaximumRetryCount: "int" });

const update: Fields<ContainerUpdateBody> = {
  CpuShares: "int",
  Memory: "int",
  NanoCpus: "int",
  CgroupParent: "string",
  BlkioWeight: "int",
  BlkioWeightDevice: { list: record({ Path: "string", Weight: "int" }) },
  BlkioDeviceReadBps: rates,
  BlkioDeviceWriteBps: rates,
  BlkioDeviceReadIOps: rates,
  BlkioDeviceWriteIOps: rates,
  CpuPeriod: "int",
  CpuQuota: "int",
  CpuRealtimePeriod: "int",
  CpuRealtimeRuntime: "int",
  CpusetCpus: "string",
  CpusetMems: "string",
  Devices: { list: record({ PathOnHost: "string", PathInContainer: "string", CgroupPermissions: "string" }) },
  DeviceCgroupRules: strings,
  DeviceRequests: {
    list: record({
      Driver: "string",
      Count: "int",
      DeviceIDs: strings,
      Capabilities: { list: strings },
      Options: labels,
    }),
  },
  MemoryReservation: "int",
  MemorySwap: "int",
  MemorySwappiness: "int",
  OomKillDisable: "bool",
  PidsLimit: "int",
  Ulimits: { list: record({ Name: "string", Soft: "int", Hard: "int" }) },
  CpuCount: "int",
  CpuPercent: "int",
  RestartPolicy: restartPolicy,
};

const mount = record({
  Type: "string",
  Source: "string",
  Target: "string",
  ReadOnly: "bool",
  Consistency: "string",
  BindOptions: record({
    Propagation: "string",
    NonRecursive: "bool",
    CreateMountpoint: "bool",
    ReadOnlyNonRecursive: "bool",
    ReadOnlyForceRecursive: "bool",
  }),
  VolumeOptions: record({
    NoCopy: "bool",
    Labels: labels,
    Subpath: "string",
    DriverConfig: record({ Name: "string", Options: labels }),
  }),
  TmpfsOptions: record({ SizeBytes: "int", Mode: "int", Options: { list: strings } }),
  ImageOptions: record({ Subpath: "string" }),
});

const hostConfig: Fields<NonNullable<ContainerCreateBody["HostConfig"]>> = {
  ...update,
  AutoRemove: "bool",
  Annotations: labels,
  Binds: strings,
  Mounts: { list: mount },
  LogConfig: record({ Type: "string", Config: labels }),
  NetworkMode: "string",
  PortBindings: { map: { list: record({ HostIp: "string", HostPort: "string" }) } },
  VolumeDriver: "string",
  VolumesFrom: strings,
  ConsoleSize: { list: "int" },
  CapAdd: "words",
  CapDrop: "words",
  CgroupnsMode: "string",
  Dns: strings,
  DnsOptions: strings,
  DnsSearch: strings,
  ExtraHosts: strings,
  GroupAdd: strings,
  IpcMode: "string",
  Cgroup: "string",
  Links: strings,
  OomScoreAdj: "int",
  PidMode: "string",
  Privileged: "bool",
  PublishAllPorts: "bool",
  ReadonlyRootfs: "bool",
  SecurityOpt: strings,
  MaskedPaths: strings,
  ReadonlyPaths: strings,
  StorageOpt: labels,
  Tmpfs: labels,
  UTSMode: "string",
  UsernsMode: "string",
  ShmSize: "int",
  Sysctls: labels,
  Runtime: "string",
  Isolation: "string",
  Init: "bool",
};

const config: Fields<ContainerConfig> = {
  Hostname: "string",
  Domainname: "string",
  User: "string",
  AttachStdin: "bool",
  AttachStdout: "bool",
  AttachStderr: "bool",
  ExposedPorts: keys,
  Tty: "bool",
  OpenStdin: "bool",
  StdinOnce: "bool",
  Env: strings,
  Cmd: "words",
  Healthcheck: record({
    Test: strings,
    Interval: "int",
    Timeout: "int",
    Retries: "int",
    StartPeriod: "int",
    StartInterval: "int",
  }),
  Image: "string",
  Volumes: keys,
  WorkingDir: "string",
  Entrypoint: "words",
  NetworkDisabled: "bool",
  MacAddress: "string",
  Labels: labels,
  StopSignal: "string",
  StopTimeout: "int",
  OnBuild: strings,
  Shell: "words",
  ArgsEscaped: "bool",
};

const create: Fields<ContainerCreateBody> = {
  ...config,
  HostConfig: record(hostConfig),
  NetworkingConfig: record({ EndpointsConfig: { map: record(endpoint) } }),
};

/** EngineError 400 for what is of the wrong type. */
export function takeCreateBody(value: unknown): ContainerCreateBody {
  return (takeShape(value, record(create), "CreateRequest") ?? {}) as ContainerCreateBody;
}

/** The same. */
export function takeUpdateBody(value: unknown): ContainerUpdateBody {
  return (takeShape(value, record(update), "UpdateConfig") ?? {}) as ContainerUpdateBody;
}

/** The same, of a commit. */
export function takeConfig(value: unknown): ContainerConfig {
  return (takeShape(value, record(config), "ContainerConfig") ?? {}) as ContainerConfig;
}

const exec: Fields<ExecCreateBody> = {
  AttachStdin: "bool",
  AttachStdout: "bool",
  AttachStderr: "bool",
  DetachKeys: "string",
  Tty: "bool",
  Env: strings,
  Cmd: "words",
  Privileged: "bool",
  User: "string",
  WorkingDir: "string",
};

/** The same; also where there is no command. */
export function takeExecBody(value: unknown): ExecCreateBody {
  const body = takeShape(value, record(exec), "ExecCreateRequest") as Partial<ExecCreateBody> | null | undefined;
  const { Cmd = [], ...rest } = body ?? {};
  if (Cmd === null || Cmd.length === 0) throw badRequest("No exec command specified");
  return { ...rest, Cmd };
}

/** The same. */
export function takeExecStartBody(value: unknown): { readonly Detach?: boolean | null } {
  return (takeShape(value, record({ Detach: "bool", Tty: "bool" }), "ExecStartOptions") ?? {}) as { Detach?: boolean };
}

export interface MembershipBody {
  readonly Container: string;
  readonly EndpointConfig?: EndpointSettings | null;
}

/** Of connecting a network, and of disconnecting one. The same. */
export function takeMembershipBody(value: unknown): MembershipBody {
  const shape = record({ Container: "string", EndpointConfig: record(endpoint), Force: "bool" });
  return {
    Container: "",
    ...(takeShape(value, shape, "NetworkConnect") as Partial<MembershipBody> | null | undefined),
  };
}
