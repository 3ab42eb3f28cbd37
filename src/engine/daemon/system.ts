/** The calls about the engine as a whole. */

import { readFileSync } from "node:fs";
import os from "node:os";
import manifest from "../../../package.json" with { type: "json" };
import type { BuildCacheEntry, Engine, EngineVersion, VolumeResource } from "../api.ts";
import { newestApi, oldestApi } from "../api-version.ts";
import { badRequest } from "../refusal.ts";
import type { RegistryOptions } from "../registry/hosts.ts";
import type { Ground } from "./ground.ts";

/** What the other rooms tell about themselves. */
export interface SystemParts {
  readonly ground: Ground;
  readonly rooms: Pick<Engine, "containerList" | "imageList">;
  /** The OCI runtimes that were found, the one in use first; and what is to be said about them. */
  readonly runtimes: { readonly found: readonly RuntimeFact[]; readonly warnings: readonly string[] };
  readonly cgroups: "1" | "2";
  readonly registries: RegistryOptions;
  readonly usage: {
    /** Bytes of all unpacked layers, each once. */
    layers(): Promise<number>;
    volumes(): Promise<readonly VolumeResource[]>;
    buildCache(): Promise<readonly BuildCacheEntry[]>;
  };
}

export interface RuntimeFact {
  /** `crun` or `runc`. */
  readonly name: string;
  readonly path: string;
  readonly version: string;
}

export function answerSystem({
  ground,
  rooms,
  runtimes,
  cgroups,
  registries,
  usage,
}: SystemParts): Pick<Engine, "ping" | "version" | "info" | "systemDf"> {
  const [runtime] = runtimes.found;
  return {
    ping: async () => {},
    version: async () => describeVersion(runtime),
    info: async () => {
      const [containers, images] = await Promise.all([
        rooms.containerList({ all: true }),
        rooms.imageList({ all: true }),
      ]);
      const inState = (state: string) => containers.filter(({ State }) => State === state).length;
      return {
        ID: ground.bootId,
        Name: os.hostname(),
        ServerVersion: manifest.version,
        OSType: "linux",
        OSVersion: "",
        OperatingSystem: readOsName(),
        Architecture: os.machine(),
        KernelVersion: os.release(),
        Containers: containers.length,
        ContainersRunning: inState("running") + inState("restarting"),
        ContainersPaused: inState("paused"),
        ContainersStopped: containers.length - inState("running") - inState("restarting") - inState("paused"),
        Images: images.length,
        Driver: "overlay2",
        DriverStatus: [["Backing Filesystem", "overlayfs"]],
        Plugins: { Volume: ["local"], Network: ["bridge", "host", "null"], Authorization: null, Log: ["json-file"] },
        MemoryLimit: true,
        SwapLimit: true,
        CpuCfsPeriod: true,
        CpuCfsQuota: true,
        CPUShares: true,
        CPUSet: true,
        PidsLimit: true,
        IPv4Forwarding: true,
        Debug: false,
        NFd: -1,
        NGoroutines: -1,
        NEventsListener: 0,
        SystemTime: new Date().toISOString(),
        LoggingDriver: "json-file",
        CgroupDriver: "cgroupfs",
        CgroupVersion: cgroups,
        NCPU: os.availableParallelism(),
        MemTotal: os.totalmem(),
        IndexServerAddress: "https://index.docker.io/v1/",
        RegistryConfig: describeRegistries(registries),
        DockerRootDir: ground.dataRoot,
        HttpProxy: withoutPassword(process.env.HTTP_PROXY ?? ""),
        HttpsProxy: withoutPassword(process.env.HTTPS_PROXY ?? ""),
        NoProxy: process.env.NO_PROXY ?? "",
        Labels: [],
        ExperimentalBuild: false,
        Runtimes: Object.fromEntries(runtimes.found.map(({ name, path }) => [name, { path }])),
        DefaultRuntime: runtime?.name ?? "",
        Swarm: {
          NodeID: "",
          NodeAddr: "",
          LocalNodeState: "inactive",
          ControlAvailable: false,
          Error: "",
          RemoteManagers: null,
        },
        LiveRestoreEnabled: true,
        Isolation: "",
        InitBinary: "docker-init",
        ContainerdCommit: { ID: "" },
        RuncCommit: { ID: runtime?.version ?? "" },
        InitCommit: { ID: "" },
        SecurityOptions: ["name=seccomp,profile=builtin"],
        ArchiveWhiteouts: true,
        Warnings: [...runtimes.warnings],
      };
    },
    systemDf: async ({ type = [] }) => {
      const unknown = type.find((kind) => !["image", "container", "volume", "build-cache"].includes(kind));
      if (unknown !== undefined) throw badRequest(`unknown object type: ${unknown}`);
      const wants = (kind: string) => type.length === 0 || type.includes(kind);
      const [Images, LayersSize, Containers, Volumes, BuildCache] = await Promise.all([
        wants("image") ? rooms.imageList({ all: true, "shared-size": true }) : null,
        wants("image") ? usage.layers() : 0,
        wants("container") ? rooms.containerList({ all: true, size: true }) : null,
        wants("volume") ? usage.volumes() : null,
        wants("build-cache") ? usage.buildCache() : null,
      ]);
      return { LayersSize, Images, Containers, Volumes, BuildCache };
    },
  };
}

function describeVersion(runtime: RuntimeFact | undefined): EngineVersion {
  const about = { Version: manifest.version, ApiVersion: newestApi, MinAPIVersion: oldestApi };
  const Arch = os.arch() === "x64" ? "amd64" : os.arch();
  const Details = { ApiVersion: newestApi, MinAPIVersion: oldestApi, Os: "linux", Arch, KernelVersion: os.release() };
  return {
    Platform: { Name: "Gantry Engine" },
    ...about,
    Os: "linux",
    Arch,
    KernelVersion: os.release(),
    GitCommit: "",
    GoVersion: "",
    BuildTime: "",
    Components: [
      { Name: "Engine", Version: manifest.version, Details },
      ...(runtime === undefined ? [] : [{ Name: runtime.name, Version: runtime.version, Details: {} }]),
    ],
  };
}

/** The distribution's name as it gives it itself. Source: os-release(5). */
function readOsName(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "Linux";
  } catch {
    return "Linux";
  }
}

function describeRegistries({ insecure, mirrors }: RegistryOptions) {
  const named = insecure.filter((entry) => !entry.includes("/"));
  const index = (name: string, more: object) => [
    name,
    { Name: name, Mirrors: [], Secure: false, Official: false, ...more },
  ];
  return {
    InsecureRegistryCIDRs: ["::1/128", "127.0.0.0/8", ...insecure.filter((entry) => entry.includes("/"))],
    IndexConfigs: Object.fromEntries([
      index("docker.io", { Mirrors: mirrors, Secure: true, Official: true }),
      ...named.map((name) => index(name, {})),
    ]),
    Mirrors: mirrors,
  };
}

/** A proxy's URL as it may be shown. */
const withoutPassword = (url: string) => url.replace(/\/\/[^@/]*@/, "//xxxxx:xxxxx@");
