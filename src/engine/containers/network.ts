/** Where a container's network comes from: a sandbox of its own, the host's, another container's, or none at all. */

import { copyFile, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { HostConfig, PortMap } from "../api.ts";
import type { SandboxRequest } from "../daemon/rooms.ts";
import { conflict } from "../refusal.ts";
import type { ContainerRecord } from "./record.ts";
import { hostnameOf, partnerOf, type Room } from "./room.ts";
import type { NamespaceWish } from "./spec/namespaces.ts";
import { isRunning } from "./state.ts";

/** The files about names that a container has mounted: paths of the host. */
export interface NameFiles {
  readonly hostname: string;
  readonly hosts: string;
  readonly resolvConf: string;
}

export const nameFilesIn = (folder: string): NameFiles => ({
  hostname: path.join(folder, "hostname"),
  hosts: path.join(folder, "hosts"),
  resolvConf: path.join(folder, "resolv.conf"),
});

/** Those of a container: of its own, or of the one whose network it shares. */
export function nameFilesOf(room: Pick<Room, "places" | "registry">, { id, hostConfig }: ContainerRecord): NameFiles {
  const partner = partnerOf(hostConfig.NetworkMode);
  return nameFilesIn(room.places.of(partner === undefined ? id : room.registry.find(partner).id).files);
}

/** It has a network namespace of its own with links in it. */
export function wantsSandbox({ NetworkMode }: Pick<HostConfig, "NetworkMode">): boolean {
  return NetworkMode !== "host" && NetworkMode !== "none" && partnerOf(NetworkMode) === undefined;
}

export function sandboxRequest(room: Pick<Room, "host" | "places">, record: ContainerRecord): SandboxRequest {
  const { id, name, config, hostConfig, endpoints } = record;
  const dns = {
    servers: hostConfig.Dns ?? [],
    search: hostConfig.DnsSearch ?? [],
    options: hostConfig.DnsOptions ?? [],
  };
  const sysctls = Object.entries(hostConfig.Sysctls ?? {}).filter(([key]) => key.startsWith("net."));
  return {
    id,
    name,
    hostname: hostnameOf(record, room.host),
    ...(config.Domainname !== undefined && config.Domainname !== "" && { domainname: config.Domainname }),
    endpoints: new Map(Object.entries(endpoints)),
    ports: wantedPorts(record),
    ...(Object.values(dns).some((list) => list.length > 0) && { dns }),
    extraHosts: hostConfig.ExtraHosts ?? [],
    sysctls: new Map(sysctls),
    files: room.places.of(id).files,
  };
}

/** The ports to publish: those that were asked for, and with `PublishAllPorts` every exposed one somewhere. */
export function wantedPorts({ config, hostConfig }: Pick<ContainerRecord, "config" | "hostConfig">): PortMap {
  const ports: PortMap = { ...hostConfig.PortBindings };
  if (hostConfig.PublishAllPorts === true) {
    for (const port of Object.keys(config.ExposedPorts ?? {})) ports[port] ??= [{ HostIp: "", HostPort: "" }];
  }
  return ports;
}

/** Writes the names for a container without a sandbox of its own: the host's names and resolvers. */
export function writeHostFiles(room: Pick<Room, "places">, record: ContainerRecord): Promise<void> {
  return writeNameFiles(record.hostConfig, room.places.of(record.id).files);
}

/** The same into any folder. */
export async function writeNameFiles(hostConfig: HostConfig, folder: string): Promise<void> {
  const files = nameFilesIn(folder);
  const extra = (hostConfig.ExtraHosts ?? []).flatMap((text) => {
    const at = text.indexOf(":");
    const address = text.slice(at + 1);
    return address === "host-gateway" ? [] : [`${address}\t${text.slice(0, at)}\n`];
  });
  const isHost = hostConfig.NetworkMode === "host";
  const base = isHost ? await readFile("/etc/hosts", "utf8").catch(() => localNames) : localNames;
  await writeFile(files.hosts, base + extra.join(""), { mode: 0o644 });
  const { Dns, DnsSearch, DnsOptions } = hostConfig;
  const lines = [
    ...(Dns ?? []).map((server) => `nameserver ${server}\n`),
    ...((DnsSearch ?? []).length > 0 ? [`search ${(DnsSearch ?? []).join(" ")}\n`] : []),
    ...((DnsOptions ?? []).length > 0 ? [`options ${(DnsOptions ?? []).join(" ")}\n`] : []),
  ];
  if (lines.length > 0) await writeFile(files.resolvConf, lines.join(""), { mode: 0o644 });
  else
    await copyFile("/etc/resolv.conf", files.resolvConf).catch(() => writeFile(files.resolvConf, "", { mode: 0o644 }));
}

const localNames = [
  "127.0.0.1\tlocalhost",
  "::1\tlocalhost ip6-localhost ip6-loopback",
  "fe00::0\tip6-localnet",
  "ff00::0\tip6-mcastprefix",
  "ff02::1\tip6-allnodes",
  "ff02::2\tip6-allrouters",
  "",
].join("\n");

/** A namespace as the modes of HostConfig ask for it. EngineError 409 where the container that it is shared with does not run. */
export function namespaceWish(room: Pick<Room, "registry">, mode: string | undefined, type: string): NamespaceWish {
  if (mode === "host") return "host";
  const partner = partnerOf(mode);
  if (partner === undefined) return "new";
  const { id, state } = room.registry.find(partner).record;
  if (!isRunning(state) || state.run?.process === undefined) {
    throw conflict(`cannot join ${type} namespace of a non running container: container ${id} is ${state.status}`);
  }
  return { path: `/proc/${state.run.process.pid}/ns/${type}` };
}
