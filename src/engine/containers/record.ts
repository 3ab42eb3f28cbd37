/** What is kept of a container: everything that a later daemon must know to go on with it. */

import type { ContainerConfig, EndpointSettings, Health, HostConfig } from "../api.ts";
import type { Sandbox } from "../daemon/rooms.ts";
import type { ProcessIdentity } from "./runtime/processes.ts";

export interface ContainerRecord {
  readonly format: 1;
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** Without a slash. */
  readonly name: string;
  /** RFC 3339. */
  readonly created: string;
  /** Intent before effect: what a daemon that finds `creating` or `removing` undoes or finishes. */
  readonly phase: "creating" | "ready" | "removing";
  /** Being removed, it takes its anonymous volumes with it. */
  readonly withVolumes?: boolean;
  /** `reference`: as it was asked for. */
  readonly image: { readonly id: string; readonly reference: string };
  /** Merged with the image's. */
  readonly config: ContainerConfig;
  /** With its defaults filled in. */
  readonly hostConfig: HostConfig;
  /** The networks that it wants to be in, by name; that of the network mode first. */
  readonly endpoints: Readonly<Record<string, EndpointSettings>>;
  readonly mounts: readonly MountRecord[];
  readonly state: StateRecord;
}

export interface MountRecord {
  readonly type: "bind" | "volume" | "tmpfs" | "image";
  /** A path of the host; for an image its ID; nothing for a tmpfs. */
  readonly source: string;
  /** The volume's. */
  readonly name?: string;
  readonly driver?: string;
  readonly destination: string;
  /** As `Binds` gave it: `ro,z`. */
  readonly mode: string;
  readonly rw: boolean;
  /** `rprivate`, `rshared` …; nothing where there is no bind. */
  readonly propagation: string;
  /** What is mounted below the source comes along. */
  readonly recursive: boolean;
  /** Only this part of the volume or image. */
  readonly subpath?: string;
  /** An empty volume gets the image's content. */
  readonly copy: boolean;
  /** Made for this container alone; goes with it where its volumes are removed. */
  readonly anonymous: boolean;
  /** Of a tmpfs: mount options. */
  readonly options: readonly string[];
  /** Told of in `Mounts`. */
  readonly listed: boolean;
}

export type Status = "created" | "running" | "paused" | "restarting" | "exited" | "dead";

export interface StateRecord {
  readonly status: Status;
  readonly exitCode: number;
  /** Why it could not be started. */
  readonly error: string;
  readonly oomKilled: boolean;
  /** RFC 3339; `0001-01-01T00:00:00Z`: never. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** How often its restart policy has started it since it was last started by a call. */
  readonly restartCount: number;
  /** A call stopped it: `unless-stopped` leaves it so when the daemon starts. */
  readonly stoppedByCall: boolean;
  /** While it runs, and while it starts: there may be something to take away. */
  readonly run?: RunRecord;
  readonly health?: Health;
}

export interface RunRecord {
  /** The container's first process, and conmon; absent until they are there. */
  readonly process?: ProcessIdentity;
  readonly monitor?: ProcessIdentity;
  readonly sandbox?: Sandbox;
}

/** Makes a record of what a file held. */
export function decodeRecord(value: unknown, id: string): ContainerRecord {
  const record = value as ContainerRecord;
  if (typeof value !== "object" || value === null) throw new Error("it is no object");
  if (record.format !== 1) throw new Error(`its format is ${String(record.format)}; this daemon knows format 1`);
  if (record.id !== id) throw new Error(`it is of container ${String(record.id)}`);
  for (const key of ["name", "created", "phase", "image", "config", "hostConfig", "endpoints", "mounts"] as const) {
    if (record[key] === undefined) throw new Error(`its ${key} is missing`);
  }
  if (typeof record.state?.status !== "string") throw new Error("its state is missing");
  return record;
}
