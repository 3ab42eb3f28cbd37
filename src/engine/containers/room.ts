/** What the parts of this room share: the containers, and what they are made with. */

import type { Ground } from "../daemon/ground.ts";
import type { ImageStore, Sandboxes, VolumeStore } from "../daemon/rooms.ts";
import type { Places } from "./places.ts";
import type { ContainerRecord } from "./record.ts";
import type { Registry } from "./registry.ts";
import type { Cgroups } from "./runtime/cgroups.ts";
import type { Exits } from "./runtime/exits.ts";
import type { Filters } from "./runtime/filters.ts";
import type { Mounter } from "./runtime/mount.ts";
import type { Runtime } from "./runtime/runtime.ts";
import type { SeccompProfile } from "./spec/seccomp.ts";

/** The other rooms, and the ground. */
export interface ContainerParts {
  readonly ground: Ground;
  readonly images: ImageStore;
  readonly sandboxes: Sandboxes;
  readonly volumes: VolumeStore;
}

/** What was found out about the host when the daemon started. */
export interface HostFacts {
  /** Go's name of the processor: `amd64`. */
  readonly arch: string;
  /** `6.18.44-…`. */
  readonly kernel: string;
  readonly hostname: string;
  readonly cpus: number;
  /** How many files a process of the daemon's may open at most: the hard limit. */
  readonly mostFiles: number;
  /** What the daemon can give to a privileged container. */
  readonly capabilities: readonly string[];
  readonly cgroups: Cgroups;
  /** The default seccomp profile; undefined where the host has none installed. */
  readonly seccomp: SeccompProfile | undefined;
  /** A static init program, for `--init`. */
  readonly init: string | undefined;
}

export interface Room extends ContainerParts {
  readonly places: Places;
  readonly registry: Registry;
  readonly runtime: Runtime;
  readonly filters: Filters;
  readonly mounter: Mounter;
  readonly exits: Exits;
  readonly host: HostFacts;
}

/** Tells the world what happened to a container: docker's attributes are its labels, image and name, and some more. */
export function publish(
  { ground }: Pick<Room, "ground">,
  { id, name, image, config }: ContainerRecord,
  action: string,
  more: Readonly<Record<string, string>> = {},
): void {
  ground.events.publish("container", action, id, { ...config.Labels, image: image.reference, name, ...more });
}

/** Now, as the API writes times: RFC 3339 with nanoseconds. */
export function timestamp(): string {
  return new Date().toISOString().replace("Z", "000000Z");
}

/** The name that a container sees as its own. */
export function hostnameOf({ id, config, hostConfig }: ContainerRecord, host: Pick<HostFacts, "hostname">): string {
  if (config.Hostname !== undefined && config.Hostname !== "") return config.Hostname;
  return hostConfig.NetworkMode === "host" || hostConfig.UTSMode === "host" ? host.hostname : id.slice(0, 12);
}

/** A container that another one's namespace is taken from: `container:x`. */
export function partnerOf(mode: string | undefined): string | undefined {
  return mode?.startsWith("container:") ? mode.slice("container:".length) : undefined;
}
