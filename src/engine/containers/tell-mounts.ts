/** A container's mounts and ports, as the API tells of them. */

import type { ContainerSummary, MountPoint, PortMap } from "../api.ts";
import type { ContainerRecord, MountRecord } from "./record.ts";

export function tellMounts(mounts: readonly MountRecord[]): MountPoint[] {
  return mounts.filter(({ listed }) => listed).map(tellMount);
}

function tellMount({ type, source, name, driver, destination, mode, rw, propagation }: MountRecord): MountPoint {
  return {
    Type: type,
    ...(name !== undefined && { Name: name }),
    Source: source,
    Destination: destination,
    ...(type === "volume" && { Driver: driver ?? "local" }),
    Mode: mode,
    RW: rw,
    Propagation: propagation,
  };
}

/** While it runs: the published ports with where they are, the exposed ones with nothing. */
export function tellPorts({ config, state }: ContainerRecord): PortMap {
  const published = state.run?.sandbox?.ports;
  if (published === undefined) return {};
  const exposed = Object.keys(config.ExposedPorts ?? {}).map((port): [string, null] => [port, null]);
  return { ...Object.fromEntries(exposed), ...published };
}

/** The same as `docker ps` lists it. */
export function listPorts(record: ContainerRecord): ContainerSummary["Ports"] {
  return Object.entries(tellPorts(record)).flatMap(([port, bindings]) => {
    const [number = "", Type = "tcp"] = port.split("/");
    const PrivatePort = Number(number);
    if (bindings === null || bindings.length === 0) return [{ PrivatePort, Type }];
    return bindings.map(({ HostIp = "", HostPort = "" }) => ({
      IP: HostIp,
      PrivatePort,
      PublicPort: Number(HostPort),
      Type,
    }));
  });
}
