/**
 * config.json: what the OCI runtime makes a container of. Pure: everything that had to be looked up on the host comes in.
 * Source: https://github.com/opencontainers/runtime-spec/blob/main/config.md
 */

import type { ContainerConfig, HostConfig } from "../../api.ts";
import { chooseCapabilities } from "./capabilities.ts";
import { type DeviceNode, deviceNodes, deviceRules, type WantedDevice } from "./devices.ts";
import { initDestination, mountsSpec, type SpecMount } from "./mounts.ts";
import { type NamespaceWishes, namespacesSpec } from "./namespaces.ts";
import { commandOf, processSpec, rlimitsOf, unlimited } from "./process.ts";
import { resourcesSpec } from "./resources.ts";
import { evaluateSeccomp, type SeccompProfile } from "./seccomp.ts";
import { securityOf } from "./security.ts";
import type { Identity } from "./user.ts";

export interface SpecInput {
  readonly id: string;
  readonly config: ContainerConfig;
  /** With its defaults filled in. */
  readonly hostConfig: HostConfig;
  readonly hostname: string;
  /** Paths of the host. */
  readonly rootfs: string;
  readonly files: { readonly hostname?: string; readonly hosts: string; readonly resolvConf: string };
  readonly mounts: readonly SpecMount[];
  readonly shm: { readonly size: number } | { readonly source: string } | undefined;
  /** The init program, where one is wanted. */
  readonly init: string | undefined;
  readonly user: Identity;
  readonly namespaces: NamespaceWishes;
  readonly devices: readonly WantedDevice[];
  /** The numbers of the block devices that limits name. */
  readonly blockDevices: ReadonlyMap<string, DeviceNode>;
  /** What holds where `SecurityOpt` names no profile. */
  readonly seccomp: SeccompProfile | undefined;
  readonly host: {
    readonly arch: string;
    readonly kernel: string;
    readonly cgroups: boolean;
    readonly mostFiles: number;
    readonly capabilities: readonly string[];
  };
}

export function containerSpec(input: SpecInput): Record<string, unknown> {
  const { id, config, hostConfig, hostname, namespaces } = input;
  const privileged = hostConfig.Privileged === true;
  const capabilities = chooseCapabilities({
    add: hostConfig.CapAdd ?? [],
    drop: hostConfig.CapDrop ?? [],
    privileged,
    available: input.host.capabilities,
  });
  const security = securityOf(hostConfig.SecurityOpt ?? []);
  const profile = security.seccomp === "default" ? input.seccomp : security.seccomp;
  const seccomp =
    privileged || profile === undefined || profile === "unconfined"
      ? undefined
      : evaluateSeccomp(profile, { ...input.host, capabilities });
  const args = commandOf(config);
  return {
    ociVersion: "1.0.2",
    process: processSpec({
      args: input.init === undefined ? args : [initDestination, "--", ...args],
      env: config.Env ?? [],
      cwd: config.WorkingDir ?? "",
      terminal: config.Tty === true,
      user: input.user,
      capabilities,
      noNewPrivileges: security.noNewPrivileges,
      hostname,
      rlimits: rlimitsOf(hostConfig, input.host.mostFiles),
      ...(hostConfig.OomScoreAdj !== undefined && { oomScoreAdj: hostConfig.OomScoreAdj }),
      ...(hostConfig.ConsoleSize !== undefined && { consoleSize: hostConfig.ConsoleSize }),
    }),
    root: { path: input.rootfs, readonly: hostConfig.ReadonlyRootfs === true },
    ...(namespaces.uts !== "host" && { hostname }),
    mounts: mountsSpec({
      own: input.mounts,
      files: input.files,
      shm: input.shm,
      init: input.init,
      privileged,
      cgroups: input.host.cgroups,
    }),
    annotations: safeAnnotations(hostConfig.Annotations ?? {}),
    linux: {
      namespaces: namespacesSpec(namespaces),
      devices: deviceNodes(input.devices),
      cgroupsPath: cgroupPath(id, hostConfig),
      resources: {
        devices: deviceRules({ privileged, devices: input.devices, rules: hostConfig.DeviceCgroupRules ?? [] }),
        ...resourcesSpec(hostConfig, (path) => {
          const node = input.blockDevices.get(path);
          if (node === undefined) throw new Error(`no such block device: ${path}`);
          return { major: node.major, minor: node.minor };
        }),
      },
      sysctl: sysctls(config, hostConfig, namespaces),
      maskedPaths: privileged ? [] : (hostConfig.MaskedPaths ?? []),
      readonlyPaths: privileged ? [] : (hostConfig.ReadonlyPaths ?? []),
      ...(seccomp !== undefined && { seccomp }),
      rootfsPropagation: rootPropagation(input.mounts),
    },
  };
}

/** The text of config.json. */
export function renderSpec(spec: Record<string, unknown>): string {
  return JSON.stringify(spec).replaceAll(String(unlimited), "18446744073709551615");
}

/** Its control group, below every hierarchy's root. */
export function cgroupPath(id: string, { CgroupParent }: Pick<HostConfig, "CgroupParent">): string {
  const parent = CgroupParent === undefined || CgroupParent === "" ? "gantry" : CgroupParent;
  const parts = parent.split("/").filter((part) => part !== "" && part !== "." && part !== "..");
  return `/${[...parts, id].join("/")}`;
}

/** Some annotations order the runtime about (crun's `run.oci.*` run programs of the host): only those that merely describe pass. */
function safeAnnotations(annotations: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => key.startsWith("org.opencontainers.")));
}

function sysctls(
  { Domainname }: ContainerConfig,
  { Sysctls, Privileged }: HostConfig,
  { network, uts }: NamespaceWishes,
): Record<string, string> {
  const isNew = network === "new" || (typeof network === "object" && Privileged !== true);
  return {
    // What docker gives: unprivileged processes may use any port, and ping.
    ...(isNew && {
      "net.ipv4.ip_unprivileged_port_start": "0",
      "net.ipv4.ping_group_range": "0 2147483647",
    }),
    ...(uts !== "host" && Domainname !== undefined && Domainname !== "" && { "kernel.domainname": Domainname }),
    ...Sysctls,
  };
}

/** What is mounted below the root must be able to travel where a bind says so. */
function rootPropagation(mounts: readonly SpecMount[]): string {
  const options = new Set(mounts.flatMap((mount) => mount.options));
  if (options.has("shared") || options.has("rshared")) return "shared";
  return options.has("slave") || options.has("rslave") ? "rslave" : "rprivate";
}
