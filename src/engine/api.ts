/**
 * The contract: what an engine can do. One method per call of the Docker Engine API (1.24 to 1.51), with the API's own
 * field names. dockerd, podman and our own daemon are all reached through it; routes.ts maps each method to its HTTP
 * call, so the client and the server hold no per-call code.
 *
 * Every method takes one object: path and query parameters by name, a JSON `body`, or a `stream` to send. Every method
 * rejects with `EngineError` (the engine's words, the HTTP status); an aborted `signal` rejects with its reason.
 * Source: https://docs.docker.com/reference/api/engine/version/v1.51/
 */

export interface CallOptions {
  readonly signal?: AbortSignal;
  /**
   * Called when the engine has taken the call on, before the answer is complete: `containerWait` is in force from then on,
   * so a container that is started afterwards cannot exit unseen.
   */
  readonly accepted?: () => void;
  /** Called when there was nothing to do: the container ran (or had stopped) already. HTTP says 304 then. */
  readonly unchanged?: () => void;
}

/** Filters of list, prune and event calls: `{ label: ["a=b"] }`. Values of one key are OR, of `label` AND. */
export type Filters = Readonly<Record<string, readonly string[]>>;

export type Labels = Readonly<Record<string, string>>;

/** Credentials for one registry, sent as X-Registry-Auth. */
export interface RegistryAuth {
  readonly username?: string;
  readonly password?: string;
  readonly serveraddress?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

/** What a container wrote: one frame of the multiplexed stream, or a piece of a TTY's only stream. */
export interface Frame {
  readonly stream: "stdout" | "stderr";
  readonly data: Buffer;
}

/** A container's output, frame by frame, or in batches: the frames that were read together. Either way it is read but once. */
export interface FrameStream extends AsyncIterable<Frame> {
  batches(): AsyncIterable<readonly Frame[]>;
}

/** A hijacked connection: frames come out, bytes go in. `closeWrite` half-closes; the frames go on. */
export interface Connection {
  readonly frames: AsyncIterable<Frame>;
  /** Resolves when the bytes were handed to the kernel. */
  write(data: Uint8Array): Promise<void>;
  closeWrite(): void;
  destroy(): void;
}

export interface Engine {
  ping(args?: Record<never, never>, options?: CallOptions): Promise<void>;
  version(args?: Record<never, never>, options?: CallOptions): Promise<EngineVersion>;
  info(args?: Record<never, never>, options?: CallOptions): Promise<EngineInfo>;
  events(
    args: { since?: string; until?: string; filters?: Filters },
    options?: CallOptions,
  ): Promise<AsyncIterable<EngineEvent>>;

  containerList(
    args: { all?: boolean; limit?: number; size?: boolean; filters?: Filters },
    options?: CallOptions,
  ): Promise<ContainerSummary[]>;
  containerCreate(
    args: { name?: string; platform?: string; body: ContainerCreateBody },
    options?: CallOptions,
  ): Promise<{ Id: string; Warnings: string[] | null }>;
  containerInspect(args: { id: string; size?: boolean }, options?: CallOptions): Promise<ContainerInspect>;
  /** Resolves also when the container was running already (304). */
  containerStart(args: { id: string; detachKeys?: string }, options?: CallOptions): Promise<void>;
  /** `t` seconds until SIGKILL, -1 for ever; absent: the container's own. Resolves also when it was stopped already. */
  containerStop(args: { id: string; t?: number; signal?: string }, options?: CallOptions): Promise<void>;
  containerRestart(args: { id: string; t?: number; signal?: string }, options?: CallOptions): Promise<void>;
  containerKill(args: { id: string; signal?: string }, options?: CallOptions): Promise<void>;
  containerPause(args: { id: string }, options?: CallOptions): Promise<void>;
  containerUnpause(args: { id: string }, options?: CallOptions): Promise<void>;
  containerRename(args: { id: string; name: string }, options?: CallOptions): Promise<void>;
  containerUpdate(
    args: { id: string; body: ContainerUpdateBody },
    options?: CallOptions,
  ): Promise<{ Warnings: string[] | null }>;
  containerRemove(
    args: { id: string; v?: boolean; force?: boolean; link?: boolean },
    options?: CallOptions,
  ): Promise<void>;
  containerWait(
    args: { id: string; condition?: "not-running" | "next-exit" | "removed" },
    options?: CallOptions,
  ): Promise<{ StatusCode: number; Error?: { Message: string } | null }>;
  containerTop(
    args: { id: string; ps_args?: string },
    options?: CallOptions,
  ): Promise<{ Titles: string[]; Processes: string[][] }>;
  /** `tty` (not sent) tells how to decode: a TTY's output has no frames and is all stdout. */
  containerLogs(
    args: {
      id: string;
      tty: boolean;
      follow?: boolean;
      stdout?: boolean;
      stderr?: boolean;
      since?: string;
      until?: string;
      timestamps?: boolean;
      tail?: string;
      details?: boolean;
    },
    options?: CallOptions,
  ): Promise<FrameStream>;
  containerAttach(
    args: {
      id: string;
      tty: boolean;
      stream?: boolean;
      stdin?: boolean;
      stdout?: boolean;
      stderr?: boolean;
      logs?: boolean;
      detachKeys?: string;
    },
    options?: CallOptions,
  ): Promise<Connection>;
  containerResize(args: { id: string; h: number; w: number }, options?: CallOptions): Promise<void>;
  /**
   * Unpacks a tar (plain or compressed) below `path` of the container's root file system. `whiteouts`: a member
   * `.wh.name` removes `name` with all that is in it, as in an OCI layer; only for engines with `ArchiveWhiteouts`.
   */
  containerArchivePut(
    args: {
      id: string;
      path: string;
      noOverwriteDirNonDir?: boolean;
      copyUIDGID?: boolean;
      whiteouts?: boolean;
      stream: ByteSource;
    },
    options?: CallOptions,
  ): Promise<void>;
  /** A tar of what lies at `path`: its last component, and what is below it. */
  containerArchiveGet(args: { id: string; path: string }, options?: CallOptions): Promise<Archive>;
  containerArchiveStat(args: { id: string; path: string }, options?: CallOptions): Promise<PathStat>;
  /** What differs from the image: kind 0 modified, 1 added, 2 deleted. */
  containerChanges(args: { id: string }, options?: CallOptions): Promise<{ Path: string; Kind: 0 | 1 | 2 }[] | null>;
  /** The whole root file system as a tar. */
  containerExport(args: { id: string }, options?: CallOptions): Promise<AsyncIterable<Buffer>>;
  /** One sample each second, or a single one (`stream` false; with `one-shot` without the one before it). */
  containerStats(
    args: { id: string; stream?: boolean; "one-shot"?: boolean },
    options?: CallOptions,
  ): Promise<AsyncIterable<ContainerStats>>;
  containerCommit(args: ContainerCommitArgs, options?: CallOptions): Promise<{ Id: string }>;
  containerPrune(
    args: { filters?: Filters },
    options?: CallOptions,
  ): Promise<{ ContainersDeleted: string[] | null; SpaceReclaimed: number }>;

  execCreate(args: { id: string; body: ExecCreateBody }, options?: CallOptions): Promise<{ Id: string }>;
  execStart(
    args: { id: string; tty: boolean; body: { Detach: boolean; Tty: boolean } },
    options?: CallOptions,
  ): Promise<Connection>;
  execResize(args: { id: string; h: number; w: number }, options?: CallOptions): Promise<void>;
  execInspect(args: { id: string }, options?: CallOptions): Promise<ExecInspect>;

  imageList(
    args: { all?: boolean; filters?: Filters; digests?: boolean; "shared-size"?: boolean },
    options?: CallOptions,
  ): Promise<ImageSummary[]>;
  imageInspect(args: { name: string; manifests?: boolean }, options?: CallOptions): Promise<ImageInspect>;
  imagePull(
    args: { fromImage: string; tag?: string; platform?: string; auth?: RegistryAuth },
    options?: CallOptions,
  ): Promise<AsyncIterable<Progress>>;
  /** Makes an image of a root file system (tar): `fromSrc` is `-`. */
  imageImport(
    args: {
      fromSrc: "-";
      repo?: string;
      tag?: string;
      message?: string;
      changes?: readonly string[];
      stream: ByteSource;
    },
    options?: CallOptions,
  ): Promise<AsyncIterable<Progress>>;
  imageTag(args: { name: string; repo: string; tag: string }, options?: CallOptions): Promise<void>;
  imageRemove(
    args: { name: string; force?: boolean; noprune?: boolean },
    options?: CallOptions,
  ): Promise<{ Untagged?: string; Deleted?: string }[]>;
  imageHistory(args: { name: string }, options?: CallOptions): Promise<ImageHistoryEntry[]>;
  imagePrune(
    args: { filters?: Filters },
    options?: CallOptions,
  ): Promise<{ ImagesDeleted: { Untagged?: string; Deleted?: string }[] | null; SpaceReclaimed: number }>;
  imagePush(
    args: { name: string; tag?: string; auth: RegistryAuth },
    options?: CallOptions,
  ): Promise<AsyncIterable<Progress>>;
  /** Takes the images of an archive that `imageSave` or `docker save` made. */
  imageLoad(args: { quiet?: boolean; stream: ByteSource }, options?: CallOptions): Promise<AsyncIterable<Progress>>;
  /** A tar of images, for `imageLoad`. */
  imageSave(args: { names: readonly string[] }, options?: CallOptions): Promise<AsyncIterable<Buffer>>;
  imageSaveOne(args: { name: string }, options?: CallOptions): Promise<AsyncIterable<Buffer>>;
  /** Builds the tar in `stream` (the classic builder). JSON-valued parameters are given as objects. */
  imageBuild(args: ImageBuildArgs, options?: CallOptions): Promise<AsyncIterable<Progress>>;
  /** Ends a build that was begun with that `buildid`; one that is not there is over already. */
  buildCancel(args: { id: string }, options?: CallOptions): Promise<void>;
  buildPrune(
    args: { all?: boolean; filters?: Filters; "keep-storage"?: number },
    options?: CallOptions,
  ): Promise<{ CachesDeleted: string[] | null; SpaceReclaimed: number }>;
  /** What a registry holds under a name, without pulling it. */
  distributionInspect(args: { name: string; auth?: RegistryAuth }, options?: CallOptions): Promise<DistributionInspect>;
  /** Tries credentials at their registry. */
  registryLogin(
    args: { body: RegistryAuth },
    options?: CallOptions,
  ): Promise<{ Status: string; IdentityToken?: string }>;

  networkList(args: { filters?: Filters }, options?: CallOptions): Promise<NetworkResource[]>;
  networkInspect(
    args: { id: string; verbose?: boolean; scope?: string },
    options?: CallOptions,
  ): Promise<NetworkResource>;
  networkCreate(args: { body: NetworkCreateBody }, options?: CallOptions): Promise<{ Id: string; Warning?: string }>;
  networkRemove(args: { id: string }, options?: CallOptions): Promise<void>;
  networkConnect(
    args: { id: string; body: { Container: string; EndpointConfig?: EndpointSettings } },
    options?: CallOptions,
  ): Promise<void>;
  networkDisconnect(
    args: { id: string; body: { Container: string; Force?: boolean } },
    options?: CallOptions,
  ): Promise<void>;
  networkPrune(args: { filters?: Filters }, options?: CallOptions): Promise<{ NetworksDeleted: string[] | null }>;

  volumeList(
    args: { filters?: Filters },
    options?: CallOptions,
  ): Promise<{ Volumes: VolumeResource[] | null; Warnings: string[] | null }>;
  volumeInspect(args: { name: string }, options?: CallOptions): Promise<VolumeResource>;
  volumeCreate(args: { body: VolumeCreateBody }, options?: CallOptions): Promise<VolumeResource>;
  volumeRemove(args: { name: string; force?: boolean }, options?: CallOptions): Promise<void>;
  volumePrune(
    args: { filters?: Filters },
    options?: CallOptions,
  ): Promise<{ VolumesDeleted: string[] | null; SpaceReclaimed: number }>;

  /** What takes up space; `type` names kinds: container, image, volume, build-cache. */
  systemDf(args: { type?: readonly string[] }, options?: CallOptions): Promise<DiskUsage>;
}

/** A file of a container. `mode` is Go's os.FileMode; `linkTarget` is empty unless it is a symbolic link. */
export interface PathStat {
  readonly name: string;
  readonly size: number;
  readonly mode: number;
  /** RFC 3339. */
  readonly mtime: string;
  readonly linkTarget: string;
}

export interface Archive {
  readonly stat: PathStat;
  readonly tar: AsyncIterable<Buffer>;
}

export type ByteSource = AsyncIterable<Uint8Array> | Uint8Array;

export interface EngineVersion {
  readonly Platform?: { readonly Name: string };
  readonly Version: string;
  readonly ApiVersion: string;
  readonly MinAPIVersion?: string;
  readonly Os: string;
  readonly Arch: string;
  readonly KernelVersion?: string;
  readonly GitCommit?: string;
  readonly GoVersion?: string;
  readonly BuildTime?: string;
  readonly Components?: readonly { readonly Name: string; readonly Version: string; readonly Details?: Labels }[];
}

export interface EngineInfo {
  readonly ID: string;
  readonly Name: string;
  readonly ServerVersion: string;
  readonly OSType: string;
  readonly Architecture: string;
  readonly OperatingSystem: string;
  readonly SecurityOptions?: readonly string[] | null;
  readonly Swarm?: { readonly LocalNodeState: string };
  /** The embedded engine's: `containerArchivePut` knows `whiteouts`. */
  readonly ArchiveWhiteouts?: boolean;
  /** Everything else that dockerd tells of itself; nothing of ours depends on it. */
  readonly [more: string]: unknown;
}

export interface EngineEvent {
  readonly Type: string;
  /** `start`, `die`, `health_status: healthy`, `exec_create: cmd` … */
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Labels };
  readonly scope?: string;
  readonly time: number;
  readonly timeNano: number;
}

export type ContainerState = "created" | "running" | "paused" | "restarting" | "removing" | "exited" | "dead";

export interface ContainerSummary {
  readonly Id: string;
  /** With a leading slash. */
  readonly Names: readonly string[];
  /** The reference as given at creation. */
  readonly Image: string;
  readonly ImageID: string;
  readonly Command: string;
  /** Unix seconds. */
  readonly Created: number;
  readonly State: ContainerState;
  /** `Up 5 minutes (healthy)`, `Exited (0) 3 seconds ago` … */
  readonly Status: string;
  readonly Ports: readonly { IP?: string; PrivatePort: number; PublicPort?: number; Type: string }[];
  readonly Labels: Labels;
  readonly Mounts: readonly MountPoint[];
  /** Bytes; only where `size` was asked for. */
  readonly SizeRw?: number;
  readonly SizeRootFs?: number;
  readonly HostConfig?: { readonly NetworkMode?: string; readonly Annotations?: Labels | null };
  readonly NetworkSettings?: { readonly Networks?: Readonly<Record<string, EndpointSettings>> | null };
}

export interface MountPoint {
  readonly Type: string;
  readonly Name?: string;
  readonly Source: string;
  readonly Destination: string;
  readonly Driver?: string;
  readonly Mode?: string;
  readonly RW: boolean;
  readonly Propagation?: string;
}

export interface EndpointSettings {
  NetworkID?: string;
  EndpointID?: string;
  Gateway?: string;
  IPAddress?: string;
  IPPrefixLen?: number;
  IPv6Gateway?: string;
  GlobalIPv6Address?: string;
  GlobalIPv6PrefixLen?: number;
  MacAddress?: string;
  /** Under which the container is found in this network. */
  DNSNames?: string[] | null;
  IPAMConfig?: { IPv4Address?: string; IPv6Address?: string; LinkLocalIPs?: string[] } | null;
  Aliases?: string[] | null;
  Links?: string[] | null;
  DriverOpts?: Record<string, string> | null;
  GwPriority?: number;
}

export interface ContainerInspect {
  readonly Id: string;
  readonly Created: string;
  readonly Path: string;
  readonly Args: readonly string[];
  /** With a leading slash. */
  readonly Name: string;
  /** The image's ID. */
  readonly Image: string;
  readonly RestartCount: number;
  readonly Platform?: string;
  readonly Driver?: string;
  readonly ResolvConfPath?: string;
  readonly HostnamePath?: string;
  readonly HostsPath?: string;
  readonly LogPath?: string;
  readonly MountLabel?: string;
  readonly ProcessLabel?: string;
  readonly AppArmorProfile?: string;
  readonly ExecIDs?: readonly string[] | null;
  readonly GraphDriver?: GraphDriver;
  /** Bytes; only where `size` was asked for. */
  readonly SizeRw?: number;
  readonly SizeRootFs?: number;
  readonly State: {
    readonly Status: ContainerState;
    readonly Running: boolean;
    readonly Paused: boolean;
    readonly Restarting: boolean;
    readonly OOMKilled: boolean;
    readonly Dead: boolean;
    readonly Pid: number;
    readonly ExitCode: number;
    readonly Error: string;
    readonly StartedAt: string;
    readonly FinishedAt: string;
    readonly Health?: Health | null;
  };
  readonly Config: ContainerConfig;
  readonly HostConfig: HostConfig;
  readonly Mounts: readonly MountPoint[];
  readonly NetworkSettings: {
    readonly SandboxID?: string;
    readonly SandboxKey?: string;
    /** The allocated ones; only while the container runs. */
    readonly Ports?: PortMap | null;
    readonly Networks?: Readonly<Record<string, EndpointSettings>> | null;
    /** The endpoint of the default bridge, as old clients want it. */
    readonly IPAddress?: string;
    readonly IPPrefixLen?: number;
    readonly Gateway?: string;
    readonly MacAddress?: string;
    readonly EndpointID?: string;
    readonly GlobalIPv6Address?: string;
    readonly GlobalIPv6PrefixLen?: number;
    readonly IPv6Gateway?: string;
  };
}

export interface GraphDriver {
  readonly Name: string;
  readonly Data: Labels | null;
}

export interface Health {
  readonly Status: "none" | "starting" | "healthy" | "unhealthy";
  readonly FailingStreak: number;
  readonly Log?: readonly { Start: string; End: string; ExitCode: number; Output: string }[] | null;
}

export type PortMap = Record<string, { HostIp?: string; HostPort?: string }[] | null>;

/** Durations are nanoseconds. */
export interface HealthConfig {
  Test?: string[];
  Interval?: number;
  Timeout?: number;
  Retries?: number;
  StartPeriod?: number;
  StartInterval?: number;
}

export interface ContainerConfig {
  Hostname?: string;
  Domainname?: string;
  User?: string;
  AttachStdin?: boolean;
  AttachStdout?: boolean;
  AttachStderr?: boolean;
  ExposedPorts?: Record<string, Record<never, never>> | null;
  Tty?: boolean;
  OpenStdin?: boolean;
  StdinOnce?: boolean;
  Env?: string[] | null;
  Cmd?: string[] | null;
  Healthcheck?: HealthConfig | null;
  Image?: string;
  Volumes?: Record<string, Record<never, never>> | null;
  WorkingDir?: string;
  Entrypoint?: string[] | null;
  NetworkDisabled?: boolean;
  MacAddress?: string;
  Labels?: Record<string, string> | null;
  StopSignal?: string;
  /** Seconds. */
  StopTimeout?: number | null;
  /** Of images only: instructions for builds that are based on it. */
  OnBuild?: string[] | null;
  /** Of images only: what runs the shell forms of a Dockerfile. */
  Shell?: string[] | null;
  /** Of images only. */
  ArgsEscaped?: boolean;
}

export interface MountSpec {
  Type: string;
  Source?: string;
  Target: string;
  ReadOnly?: boolean;
  Consistency?: string;
  BindOptions?: {
    Propagation?: string;
    NonRecursive?: boolean;
    CreateMountpoint?: boolean;
    ReadOnlyNonRecursive?: boolean;
    ReadOnlyForceRecursive?: boolean;
  };
  VolumeOptions?: {
    NoCopy?: boolean;
    Labels?: Record<string, string>;
    Subpath?: string;
    DriverConfig?: { Name?: string; Options?: Record<string, string> };
  };
  TmpfsOptions?: { SizeBytes?: number; Mode?: number; Options?: string[][] };
  ImageOptions?: { Subpath?: string };
}

export interface DeviceRequestSpec {
  Driver?: string;
  Count?: number;
  DeviceIDs?: string[];
  Capabilities?: string[][];
  Options?: Record<string, string>;
}

/** Limits, as create and update take them. Sizes are bytes. */
export interface HostResources {
  CpuShares?: number;
  Memory?: number;
  NanoCpus?: number;
  CgroupParent?: string;
  BlkioWeight?: number;
  BlkioWeightDevice?: { Path: string; Weight: number }[] | null;
  BlkioDeviceReadBps?: { Path: string; Rate: number }[] | null;
  BlkioDeviceWriteBps?: { Path: string; Rate: number }[] | null;
  BlkioDeviceReadIOps?: { Path: string; Rate: number }[] | null;
  BlkioDeviceWriteIOps?: { Path: string; Rate: number }[] | null;
  CpuPeriod?: number;
  CpuQuota?: number;
  CpuRealtimePeriod?: number;
  CpuRealtimeRuntime?: number;
  CpusetCpus?: string;
  CpusetMems?: string;
  Devices?: { PathOnHost: string; PathInContainer: string; CgroupPermissions: string }[] | null;
  DeviceCgroupRules?: string[] | null;
  DeviceRequests?: DeviceRequestSpec[] | null;
  MemoryReservation?: number;
  MemorySwap?: number;
  MemorySwappiness?: number | null;
  OomKillDisable?: boolean | null;
  PidsLimit?: number | null;
  Ulimits?: { Name: string; Soft: number; Hard: number }[] | null;
  CpuCount?: number;
  CpuPercent?: number;
}

export interface RestartPolicySpec {
  Name?: string;
  MaximumRetryCount?: number;
}

export interface HostConfig extends HostResources {
  AutoRemove?: boolean;
  Annotations?: Record<string, string> | null;
  Binds?: string[] | null;
  Mounts?: MountSpec[] | null;
  LogConfig?: { Type?: string; Config?: Record<string, string> | null };
  NetworkMode?: string;
  PortBindings?: PortMap | null;
  RestartPolicy?: RestartPolicySpec;
  VolumeDriver?: string;
  VolumesFrom?: string[] | null;
  ConsoleSize?: number[];
  CapAdd?: string[] | null;
  CapDrop?: string[] | null;
  CgroupnsMode?: string;
  Dns?: string[] | null;
  DnsOptions?: string[] | null;
  DnsSearch?: string[] | null;
  ExtraHosts?: string[] | null;
  GroupAdd?: string[] | null;
  IpcMode?: string;
  Cgroup?: string;
  Links?: string[] | null;
  OomScoreAdj?: number;
  PidMode?: string;
  Privileged?: boolean;
  PublishAllPorts?: boolean;
  ReadonlyRootfs?: boolean;
  SecurityOpt?: string[] | null;
  MaskedPaths?: string[] | null;
  ReadonlyPaths?: string[] | null;
  StorageOpt?: Record<string, string> | null;
  Tmpfs?: Record<string, string> | null;
  UTSMode?: string;
  UsernsMode?: string;
  ShmSize?: number;
  Sysctls?: Record<string, string> | null;
  Runtime?: string;
  Isolation?: string;
  Init?: boolean | null;
}

export interface ContainerCreateBody extends ContainerConfig {
  HostConfig?: HostConfig;
  NetworkingConfig?: { EndpointsConfig?: Record<string, EndpointSettings> };
}

export interface ContainerUpdateBody extends HostResources {
  RestartPolicy?: RestartPolicySpec;
}

export interface ExecCreateBody {
  AttachStdin?: boolean;
  AttachStdout?: boolean;
  AttachStderr?: boolean;
  DetachKeys?: string;
  Tty?: boolean;
  Env?: string[];
  Cmd: string[];
  Privileged?: boolean;
  User?: string;
  WorkingDir?: string;
}

export interface ContainerCommitArgs {
  container: string;
  repo?: string;
  tag?: string;
  comment?: string;
  author?: string;
  /** Default true. */
  pause?: boolean;
  /** Dockerfile instructions. */
  changes?: readonly string[];
  body?: ContainerConfig;
}

/** One sample of a container's use of resources. Counters are nanoseconds, bytes and packets since its start. */
export interface ContainerStats {
  readonly id: string;
  /** With a leading slash. */
  readonly name: string;
  readonly read: string;
  readonly preread: string;
  readonly cpu_stats: CpuStats;
  readonly precpu_stats: CpuStats;
  readonly memory_stats: {
    readonly usage?: number;
    readonly limit?: number;
    readonly max_usage?: number;
    readonly stats?: Readonly<Record<string, number>>;
  };
  readonly pids_stats: { readonly current?: number; readonly limit?: number };
  readonly blkio_stats: {
    readonly io_service_bytes_recursive: readonly { major: number; minor: number; op: string; value: number }[] | null;
  };
  readonly networks?: Readonly<Record<string, NetworkStats>>;
}

export interface CpuStats {
  readonly cpu_usage: {
    readonly total_usage: number;
    readonly usage_in_kernelmode: number;
    readonly usage_in_usermode: number;
    readonly percpu_usage?: readonly number[];
  };
  readonly system_cpu_usage?: number;
  readonly online_cpus?: number;
  readonly throttling_data: {
    readonly periods: number;
    readonly throttled_periods: number;
    readonly throttled_time: number;
  };
}

export interface NetworkStats {
  readonly rx_bytes: number;
  readonly rx_packets: number;
  readonly rx_errors: number;
  readonly rx_dropped: number;
  readonly tx_bytes: number;
  readonly tx_packets: number;
  readonly tx_errors: number;
  readonly tx_dropped: number;
}

export interface ExecInspect {
  readonly ID: string;
  readonly Running: boolean;
  readonly ExitCode: number | null;
  readonly ContainerID: string;
  readonly Pid: number;
  readonly OpenStdin?: boolean;
  readonly OpenStdout?: boolean;
  readonly OpenStderr?: boolean;
  readonly CanRemove?: boolean;
  readonly DetachKeys?: string;
  readonly ProcessConfig?: {
    readonly tty: boolean;
    readonly entrypoint: string;
    readonly arguments: readonly string[];
    readonly privileged?: boolean;
    readonly user?: string;
  };
}

export interface ImageHistoryEntry {
  /** The image's ID, or `<missing>`. */
  readonly Id: string;
  /** Unix seconds. */
  readonly Created: number;
  readonly CreatedBy: string;
  readonly Tags: readonly string[] | null;
  readonly Size: number;
  readonly Comment: string;
}

export interface DistributionInspect {
  readonly Descriptor: { readonly mediaType: string; readonly digest: string; readonly size: number };
  readonly Platforms: readonly { architecture: string; os: string; variant?: string }[];
}

export interface DiskUsage {
  readonly LayersSize: number;
  readonly Images: readonly ImageSummary[] | null;
  readonly Containers: readonly ContainerSummary[] | null;
  readonly Volumes: readonly VolumeResource[] | null;
  readonly BuildCache: readonly BuildCacheEntry[] | null;
}

export interface BuildCacheEntry {
  readonly ID: string;
  readonly Type: string;
  readonly Description: string;
  readonly InUse: boolean;
  readonly Shared: boolean;
  readonly Size: number;
  readonly CreatedAt: string;
  readonly LastUsedAt: string | null;
  readonly UsageCount: number;
  readonly Parents: readonly string[] | null;
}

export interface ImageSummary {
  readonly Id: string;
  readonly RepoTags: readonly string[] | null;
  readonly RepoDigests: readonly string[] | null;
  readonly Created: number;
  readonly Size: number;
  readonly Labels: Labels | null;
  readonly ParentId?: string;
  /** Bytes that other images share, -1: not counted. */
  readonly SharedSize?: number;
  /** How many containers are made of it, -1: not counted. */
  readonly Containers?: number;
}

export interface ImageInspect {
  readonly Id: string;
  readonly RepoTags: readonly string[] | null;
  readonly RepoDigests: readonly string[] | null;
  readonly Created?: string;
  readonly Architecture: string;
  readonly Variant?: string;
  readonly Os: string;
  readonly Size: number;
  readonly Config: ContainerConfig | null;
  readonly Parent?: string;
  readonly Author?: string;
  readonly Comment?: string;
  readonly DockerVersion?: string;
  readonly GraphDriver?: GraphDriver;
  readonly RootFS?: { readonly Type: string; readonly Layers?: readonly string[] };
  readonly Metadata?: { readonly LastTagTime?: string };
  readonly Manifests?: readonly {
    readonly ID: string;
    readonly Available: boolean;
    readonly Kind: string;
    readonly ImageData?: { readonly Platform: { architecture: string; os: string; variant?: string } };
  }[];
}

/** One JSON line of pull, push, build, load. A line with `error` ends the work: the client throws it as EngineError. */
export interface Progress {
  readonly stream?: string;
  readonly status?: string;
  readonly id?: string;
  readonly progress?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly error?: string;
  readonly errorDetail?: { readonly code?: number; readonly message?: string };
  readonly aux?: unknown;
}

export interface ImageBuildArgs {
  stream: ByteSource;
  t?: readonly string[];
  dockerfile?: string;
  extrahosts?: readonly string[];
  remote?: string;
  q?: boolean;
  nocache?: boolean;
  cachefrom?: readonly string[];
  pull?: boolean;
  rm?: boolean;
  forcerm?: boolean;
  memory?: number;
  memswap?: number;
  cpushares?: number;
  cpusetcpus?: string;
  cpuperiod?: number;
  cpuquota?: number;
  buildargs?: Readonly<Record<string, string | null>>;
  shmsize?: number;
  labels?: Labels;
  networkmode?: string;
  platform?: string;
  target?: string;
  ulimits?: readonly { Name: string; Soft: number; Hard: number }[];
  /** 1: lines of text; 2: BuildKit's own, its status messages in `aux`. */
  version?: "1" | "2";
  /** What `buildCancel` calls it. */
  buildid?: string;
  /** The ID of the session that answers for secrets, agents and credentials; with `remote: "client-session"` for the files too. */
  session?: string;
  /** Registry host → credentials, sent as X-Registry-Config. */
  auths?: Readonly<Record<string, RegistryAuth>>;
}

export interface NetworkCreateBody {
  Name: string;
  Driver?: string;
  Internal?: boolean;
  Attachable?: boolean;
  EnableIPv4?: boolean;
  EnableIPv6?: boolean;
  CheckDuplicate?: boolean;
  IPAM?: {
    Driver?: string;
    Config?: { Subnet?: string; IPRange?: string; Gateway?: string; AuxiliaryAddresses?: Record<string, string> }[];
    Options?: Record<string, string>;
  };
  Options?: Record<string, string>;
  Labels?: Record<string, string>;
}

export interface NetworkResource {
  readonly Id: string;
  readonly Name: string;
  readonly Created?: string;
  readonly Driver: string;
  readonly Scope?: string;
  readonly Internal?: boolean;
  readonly Attachable?: boolean;
  readonly EnableIPv4?: boolean;
  readonly EnableIPv6?: boolean;
  readonly IPAM?: {
    readonly Driver?: string;
    readonly Options?: Labels | null;
    readonly Config?: NonNullable<NetworkCreateBody["IPAM"]>["Config"] | null;
  } | null;
  readonly Ingress?: boolean;
  readonly ConfigFrom?: { readonly Network: string };
  readonly ConfigOnly?: boolean;
  readonly Options?: Labels | null;
  readonly Labels?: Labels | null;
  readonly Containers?: Readonly<Record<string, NetworkMember>> | null;
}

/** A running container's endpoint, as its network tells of it. Addresses have their prefix length. */
export interface NetworkMember {
  readonly Name: string;
  readonly EndpointID: string;
  readonly MacAddress?: string;
  readonly IPv4Address?: string;
  readonly IPv6Address?: string;
}

export interface VolumeCreateBody {
  Name?: string;
  Driver?: string;
  DriverOpts?: Record<string, string>;
  Labels?: Record<string, string>;
}

export interface VolumeResource {
  readonly Name: string;
  readonly Driver: string;
  readonly Mountpoint: string;
  readonly CreatedAt?: string;
  readonly Labels: Labels | null;
  readonly Options: Labels | null;
  readonly Scope: string;
  /** Bytes and containers, -1: not counted. Only in `systemDf`. */
  readonly UsageData?: { readonly Size: number; readonly RefCount: number };
}
