/**
 * ProjectModel: what the compose files say, long forms only, defaults filled in, paths absolute, durations and sizes
 * numbers. Property names are the compose file's own, so that a path in the model is the path in the file. Maps that
 * users name (services, environment, labels …) are `Map`s; an absent attribute is an absent property.
 * Semantics of every attribute: https://github.com/compose-spec/compose-spec/blob/main/spec.md
 */

/** A duration in nanoseconds (exact up to 104 days). */
export type Nanoseconds = number;
/** A size in bytes. -1 stands for "unlimited" where the attribute allows it. */
export type Bytes = number;
/** Any YAML value below an `x-` key, or another attribute that is passed through. */
export type Anything = string | number | boolean | null | readonly Anything[] | ReadonlyMap<string, Anything>;
export type Extensions = ReadonlyMap<string, Anything>;
export type StringMap = ReadonlyMap<string, string>;

export interface ProjectModel {
  readonly name: string;
  /** What stands between the words of a container's name, where it is not `-`: `--compatibility`. */
  readonly separator?: "_";
  /** Absolute; every relative path of the files was resolved against it. */
  readonly working_dir: string;
  /** Absolute paths in the order of -f; `-` for standard input. */
  readonly compose_files: readonly string[];
  /** The env files given by --env-file or COMPOSE_ENV_FILES, absolute; empty when only the default `.env` was read. */
  readonly env_files: readonly string[];
  /** What interpolation saw: OS environment, then env files, COMPOSE_PROJECT_NAME included. */
  readonly environment: StringMap;
  /** Enabled and selected services, in the order of the files. */
  readonly services: ReadonlyMap<string, Service>;
  /** Services that profiles or the selection left out. Never checked for consistency. */
  readonly disabled_services: ReadonlyMap<string, Service>;
  readonly networks: ReadonlyMap<string, Network>;
  readonly volumes: ReadonlyMap<string, Volume>;
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly configs: ReadonlyMap<string, Config>;
  readonly models: ReadonlyMap<string, Model>;
  readonly extensions: Extensions;
}

export interface Service {
  /** The key below `services`. */
  readonly name: string;
  readonly profiles?: readonly string[];
  readonly annotations?: StringMap;
  readonly attach?: boolean;
  readonly build?: Build;
  readonly blkio_config?: BlkioConfig;
  readonly cap_add?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly cgroup?: string;
  readonly cgroup_parent?: string;
  /** null: the image's default. []: explicitly empty. */
  readonly command: readonly string[] | null;
  readonly configs?: readonly FileReference[];
  readonly container_name?: string;
  readonly cpu_count?: number;
  readonly cpu_percent?: number;
  readonly cpu_period?: number;
  readonly cpu_quota?: number;
  readonly cpu_rt_period?: number;
  readonly cpu_rt_runtime?: number;
  readonly cpu_shares?: number;
  readonly cpus?: number;
  readonly cpuset?: string;
  readonly credential_spec?: CredentialSpec;
  readonly depends_on?: ReadonlyMap<string, Dependency>;
  readonly deploy?: Deploy;
  readonly develop?: Develop;
  readonly device_cgroup_rules?: readonly string[];
  readonly devices?: readonly DeviceMapping[];
  readonly dns?: readonly string[];
  readonly dns_opt?: readonly string[];
  readonly dns_search?: readonly string[];
  readonly domainname?: string;
  /** null: the image's default. []: explicitly empty. */
  readonly entrypoint: readonly string[] | null;
  /** Merged with env_file. null: declared, but not set anywhere; such a variable is not passed to the container. */
  readonly environment?: ReadonlyMap<string, string | null>;
  /** Absent once resolved into `environment`. */
  readonly env_file?: readonly EnvFile[];
  readonly expose?: readonly string[];
  readonly external_links?: readonly string[];
  /** Host name → addresses, in the order of the file. */
  readonly extra_hosts?: ReadonlyMap<string, readonly string[]>;
  readonly gpus?: readonly DeviceRequest[];
  readonly group_add?: readonly string[];
  readonly healthcheck?: Healthcheck;
  readonly hostname?: string;
  readonly image?: string;
  readonly init?: boolean;
  readonly ipc?: string;
  readonly isolation?: string;
  readonly labels?: StringMap;
  /** Absent once resolved into `labels`. */
  readonly label_file?: readonly string[];
  readonly links?: readonly string[];
  readonly logging?: Logging;
  readonly mac_address?: string;
  readonly mem_limit?: Bytes;
  readonly mem_reservation?: Bytes;
  readonly mem_swappiness?: number;
  readonly memswap_limit?: Bytes;
  readonly models?: ReadonlyMap<string, ServiceModel | null>;
  readonly network_mode?: string;
  readonly networks?: ReadonlyMap<string, ServiceNetwork | null>;
  readonly oom_kill_disable?: boolean;
  readonly oom_score_adj?: number;
  readonly pid?: string;
  readonly pids_limit?: number;
  readonly platform?: string;
  readonly ports?: readonly Port[];
  readonly post_start?: readonly Hook[];
  readonly pre_start?: readonly PreStartHook[];
  readonly pre_stop?: readonly Hook[];
  readonly privileged?: boolean;
  readonly provider?: Provider;
  readonly pull_policy?: string;
  readonly pull_refresh_after?: string;
  readonly read_only?: boolean;
  readonly restart?: string;
  readonly runtime?: string;
  readonly scale?: number;
  readonly secrets?: readonly FileReference[];
  readonly security_opt?: readonly string[];
  readonly shm_size?: Bytes;
  readonly stdin_open?: boolean;
  readonly stop_grace_period?: Nanoseconds;
  readonly stop_signal?: string;
  readonly storage_opt?: StringMap;
  readonly sysctls?: StringMap;
  readonly tmpfs?: readonly string[];
  readonly tty?: boolean;
  readonly ulimits?: ReadonlyMap<string, Ulimit>;
  readonly use_api_socket?: boolean;
  readonly user?: string;
  readonly userns_mode?: string;
  readonly uts?: string;
  readonly volumes?: readonly Mount[];
  readonly volumes_from?: readonly string[];
  readonly working_dir?: string;
  readonly extensions: Extensions;
}

export interface Build {
  /** Absolute path, or a remote context (git or http URL). */
  readonly context?: string;
  /** Relative to the context (or absolute). */
  readonly dockerfile?: string;
  readonly dockerfile_inline?: string;
  readonly entitlements?: readonly string[];
  readonly args?: ReadonlyMap<string, string | null>;
  readonly provenance?: string;
  readonly sbom?: string;
  /** SSH id → socket or key path ("" = the running agent). */
  readonly ssh?: StringMap;
  readonly labels?: StringMap;
  readonly cache_from?: readonly string[];
  readonly cache_to?: readonly string[];
  readonly no_cache?: boolean;
  readonly no_cache_filter?: readonly string[];
  readonly additional_contexts?: StringMap;
  readonly pull?: boolean;
  readonly extra_hosts?: ReadonlyMap<string, readonly string[]>;
  readonly isolation?: string;
  readonly network?: string;
  readonly target?: string;
  readonly secrets?: readonly FileReference[];
  readonly shm_size?: Bytes;
  readonly tags?: readonly string[];
  readonly ulimits?: ReadonlyMap<string, Ulimit>;
  readonly platforms?: readonly string[];
  readonly privileged?: boolean;
  readonly extensions: Extensions;
}

export interface BlkioConfig {
  readonly weight?: number;
  readonly weight_device?: readonly { readonly path: string; readonly weight: number }[];
  readonly device_read_bps?: readonly ThrottleDevice[];
  readonly device_read_iops?: readonly ThrottleDevice[];
  readonly device_write_bps?: readonly ThrottleDevice[];
  readonly device_write_iops?: readonly ThrottleDevice[];
}

export interface ThrottleDevice {
  readonly path: string;
  readonly rate: Bytes;
}

/** A service's use of a top-level secret or config; `mode` is the permission bits (0o440 is 288). */
export interface FileReference {
  readonly source: string;
  readonly target?: string;
  readonly uid?: string;
  readonly gid?: string;
  readonly mode?: number;
  readonly extensions: Extensions;
}

export interface CredentialSpec {
  readonly config?: string;
  readonly file?: string;
  readonly registry?: string;
  readonly extensions: Extensions;
}

export type DependencyCondition = "service_started" | "service_healthy" | "service_completed_successfully";

export interface Dependency {
  readonly condition: DependencyCondition;
  readonly restart?: boolean;
  readonly required: boolean;
  readonly extensions: Extensions;
}

export interface Deploy {
  readonly mode?: string;
  readonly replicas?: number;
  readonly labels?: StringMap;
  readonly update_config?: UpdateConfig;
  readonly rollback_config?: UpdateConfig;
  readonly resources?: Resources;
  readonly restart_policy?: RestartPolicy;
  readonly placement?: Placement;
  readonly endpoint_mode?: string;
  readonly extensions: Extensions;
}

export interface UpdateConfig {
  readonly parallelism?: number;
  readonly delay?: Nanoseconds;
  readonly failure_action?: string;
  readonly monitor?: Nanoseconds;
  readonly max_failure_ratio?: number;
  readonly order?: string;
  readonly extensions: Extensions;
}

export interface Resources {
  readonly limits?: ResourceLimits;
  readonly reservations?: ResourceReservations;
  readonly extensions: Extensions;
}

export interface ResourceLimits {
  /** CPUs, as a number: 0.5. */
  readonly cpus?: number;
  readonly memory?: Bytes;
  readonly pids?: number;
  readonly extensions: Extensions;
}

export interface ResourceReservations {
  readonly cpus?: number;
  readonly memory?: Bytes;
  readonly devices?: readonly DeviceRequest[];
  readonly generic_resources?: readonly {
    readonly discrete_resource_spec?: { readonly kind: string; readonly value: number };
  }[];
  readonly extensions: Extensions;
}

/** `count` -1 stands for all. */
export interface DeviceRequest {
  readonly capabilities?: readonly string[];
  readonly driver?: string;
  readonly count?: number;
  readonly device_ids?: readonly string[];
  readonly options?: StringMap;
}

export interface RestartPolicy {
  readonly condition?: string;
  readonly delay?: Nanoseconds;
  readonly max_attempts?: number;
  readonly window?: Nanoseconds;
  readonly extensions: Extensions;
}

export interface Placement {
  readonly constraints?: readonly string[];
  readonly preferences?: readonly { readonly spread?: string }[];
  readonly max_replicas_per_node?: number;
  readonly extensions: Extensions;
}

export interface Develop {
  readonly watch?: readonly WatchRule[];
  readonly extensions: Extensions;
}

export interface WatchRule {
  readonly path: string;
  readonly action: "rebuild" | "sync" | "restart" | "sync+restart" | "sync+exec";
  readonly target?: string;
  readonly exec?: Hook;
  readonly include?: readonly string[];
  readonly ignore?: readonly string[];
  readonly initial_sync?: boolean;
  readonly extensions: Extensions;
}

export interface DeviceMapping {
  readonly source: string;
  readonly target?: string;
  readonly permissions?: string;
  readonly extensions: Extensions;
}

export interface EnvFile {
  readonly path: string;
  readonly required: boolean;
  readonly format?: string;
}

export interface Healthcheck {
  /** ["CMD", …], ["CMD-SHELL", s] or ["NONE"]; absent: the image's own. */
  readonly test?: readonly string[];
  readonly interval?: Nanoseconds;
  readonly timeout?: Nanoseconds;
  readonly retries?: number;
  readonly start_period?: Nanoseconds;
  readonly start_interval?: Nanoseconds;
  readonly disable?: boolean;
  readonly extensions: Extensions;
}

export interface Logging {
  readonly driver?: string;
  readonly options?: StringMap;
  readonly extensions: Extensions;
}

export interface ServiceModel {
  readonly endpoint_var?: string;
  readonly model_var?: string;
  readonly extensions: Extensions;
}

export interface ServiceNetwork {
  readonly aliases?: readonly string[];
  readonly interface_name?: string;
  readonly ipv4_address?: string;
  readonly ipv6_address?: string;
  readonly link_local_ips?: readonly string[];
  readonly mac_address?: string;
  readonly driver_opts?: StringMap;
  readonly priority?: number;
  readonly gw_priority?: number;
  readonly extensions: Extensions;
}

export interface Port {
  readonly name?: string;
  readonly mode?: string;
  readonly host_ip?: string;
  readonly target: number;
  /** A port, a range `a-b`, or absent for an ephemeral one. */
  readonly published?: string;
  readonly protocol?: string;
  readonly app_protocol?: string;
  readonly extensions: Extensions;
}

export interface Hook {
  readonly command: readonly string[] | null;
  readonly user?: string;
  readonly privileged?: boolean;
  readonly working_dir?: string;
  readonly environment?: ReadonlyMap<string, string | null>;
  readonly extensions: Extensions;
}

export interface PreStartHook extends Hook {
  readonly image?: string;
  readonly per_replica?: boolean;
}

export interface Provider {
  readonly type: string;
  readonly options?: ReadonlyMap<string, readonly string[]>;
  readonly extensions: Extensions;
}

export interface Ulimit {
  readonly soft: number;
  readonly hard: number;
  /** Written as one number, so `config` prints it as one. */
  readonly single: boolean;
}

export interface Mount {
  readonly type: "bind" | "volume" | "tmpfs" | "cluster" | "npipe" | "image";
  readonly source?: string;
  readonly target: string;
  readonly read_only?: boolean;
  readonly consistency?: string;
  readonly bind?: {
    readonly propagation?: string;
    readonly create_host_path?: boolean;
    readonly recursive?: string;
    readonly selinux?: string;
    readonly extensions: Extensions;
  };
  readonly volume?: {
    readonly labels?: StringMap;
    readonly nocopy?: boolean;
    readonly subpath?: string;
    readonly extensions: Extensions;
  };
  readonly tmpfs?: { readonly size?: Bytes; readonly mode?: number; readonly extensions: Extensions };
  readonly image?: { readonly subpath?: string; readonly extensions: Extensions };
  readonly extensions: Extensions;
}

export interface Network {
  /** The name on the engine. */
  readonly name: string;
  readonly driver?: string;
  readonly driver_opts?: StringMap;
  readonly ipam?: Ipam;
  readonly external?: boolean;
  readonly internal?: boolean;
  readonly attachable?: boolean;
  readonly enable_ipv4?: boolean;
  readonly enable_ipv6?: boolean;
  readonly labels?: StringMap;
  readonly extensions: Extensions;
}

export interface Ipam {
  readonly driver?: string;
  readonly config?: readonly IpamPool[];
  readonly options?: StringMap;
  readonly extensions: Extensions;
}

export interface IpamPool {
  readonly subnet?: string;
  readonly gateway?: string;
  readonly ip_range?: string;
  readonly aux_addresses?: StringMap;
  readonly extensions: Extensions;
}

export interface Volume {
  /** The name on the engine. */
  readonly name: string;
  readonly driver?: string;
  readonly driver_opts?: StringMap;
  readonly external?: boolean;
  readonly labels?: StringMap;
  readonly extensions: Extensions;
}

export interface Secret {
  readonly name: string;
  readonly file?: string;
  /** Name of the variable that holds the value. */
  readonly environment?: string;
  /** The value, when it came from `environment` and the variable is set. Never printed. */
  readonly content?: string;
  readonly external?: boolean;
  readonly labels?: StringMap;
  readonly driver?: string;
  readonly driver_opts?: StringMap;
  readonly template_driver?: string;
  readonly extensions: Extensions;
}

/** `content` is the literal content, or the value of `environment`. */
export type Config = Secret;

export interface Model {
  readonly name: string;
  readonly model: string;
  readonly context_size?: number;
  readonly runtime_flags?: readonly string[];
  readonly extensions: Extensions;
}
