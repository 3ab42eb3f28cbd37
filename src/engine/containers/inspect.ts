/** A container as `inspect` tells of it: everything. */

import type { ContainerInspect } from "../api.ts";
import type { NameFiles } from "./network.ts";
import type { Places } from "./places.ts";
import type { ContainerRecord } from "./record.ts";
import { commandOf } from "./spec/process.ts";
import { isRunning, tellState } from "./state.ts";
import { tellNetworks } from "./summary.ts";
import { tellMounts, tellPorts } from "./tell-mounts.ts";

export interface InspectContext {
  readonly places: Places;
  readonly files: NameFiles;
  /** The image's layers, the lowest first. */
  readonly layers: readonly string[];
  readonly execs: readonly string[];
}

export function tellContainer(
  record: ContainerRecord,
  { places, files, layers, execs }: InspectContext,
): ContainerInspect {
  const { id, name, created, image, config, hostConfig, state } = record;
  const [program = "", ...args] = commandOf(config);
  const { upper, work, rootfs, log } = places.of(id);
  const running = isRunning(state);
  const networks = tellNetworks(record);
  const bridge = running ? (networks.bridge ?? {}) : {};
  const sandbox = state.run?.sandbox;
  return {
    Id: id,
    Created: created,
    Path: program,
    Args: args,
    State: {
      Status: tellState(record),
      Running: running || state.status === "restarting",
      Paused: state.status === "paused",
      Restarting: state.status === "restarting",
      OOMKilled: state.oomKilled,
      Dead: state.status === "dead",
      Pid: running ? (state.run?.process?.pid ?? 0) : 0,
      ExitCode: state.exitCode,
      Error: state.error,
      StartedAt: state.startedAt,
      FinishedAt: state.finishedAt,
      ...(state.health !== undefined && { Health: state.health }),
    },
    Image: image.id,
    ResolvConfPath: files.resolvConf,
    HostnamePath: files.hostname,
    HostsPath: files.hosts,
    LogPath: hostConfig.LogConfig?.Type === "none" ? "" : log,
    Name: `/${name}`,
    RestartCount: state.restartCount,
    Driver: "overlay2",
    Platform: "linux",
    MountLabel: "",
    ProcessLabel: "",
    AppArmorProfile: "",
    ExecIDs: execs.length === 0 ? null : execs,
    HostConfig: hostConfig,
    GraphDriver: {
      Name: "overlay2",
      Data: {
        ID: id,
        LowerDir: layers.toReversed().join(":"),
        MergedDir: rootfs,
        UpperDir: upper,
        WorkDir: work,
      },
    },
    Mounts: tellMounts(record.mounts),
    Config: config,
    NetworkSettings: {
      SandboxID: sandbox?.id ?? "",
      SandboxKey: sandbox?.netns ?? "",
      Ports: tellPorts(record),
      EndpointID: bridge.EndpointID ?? "",
      Gateway: bridge.Gateway ?? "",
      GlobalIPv6Address: bridge.GlobalIPv6Address ?? "",
      GlobalIPv6PrefixLen: bridge.GlobalIPv6PrefixLen ?? 0,
      IPAddress: bridge.IPAddress ?? "",
      IPPrefixLen: bridge.IPPrefixLen ?? 0,
      IPv6Gateway: bridge.IPv6Gateway ?? "",
      MacAddress: bridge.MacAddress ?? "",
      Networks: networks,
    },
  };
}
