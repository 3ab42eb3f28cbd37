/**
 * What the rooms of the daemon ask of one another. Each room answers its share of the Engine API (`Pick<Engine, …>`) and
 * offers the others what stands here; assemble.ts opens the rooms and puts them together. All names and IDs in here are
 * whole: 64 hexadecimal digits for containers and networks, `sha256:` and 64 digits for images.
 */

import type { ContainerConfig, EndpointSettings, Frame, HostConfig, PortMap } from "../api.ts";

/** A platform as images name it: `linux`, `amd64`, and for arm the variant `v7`. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

/** An image that is here, unpacked or not. */
export interface StoredImage {
  /** The digest of its config: `sha256:…`. */
  readonly id: string;
  /** RFC 3339. */
  readonly created: string;
  readonly platform: Platform;
  readonly config: ContainerConfig;
  /** Digests of the uncompressed layers, the lowest first. */
  readonly diffIds: readonly string[];
  /** `name:tag` and `name@digest`, in the short form that users see. */
  readonly references: readonly string[];
}

export interface NewImage {
  /** Its layers come first; absent: from scratch. */
  readonly parent?: StoredImage;
  /**
   * The layer on top: a directory whose content is the difference (an overlay's upperdir, whiteouts as overlayfs writes
   * them). It is copied, unless `move` is set. Absent: none.
   */
  readonly upper?: string;
  /** The directory itself becomes the layer: it is nobody else's any more, and lies on the data root's file system. */
  readonly move?: boolean;
  readonly config: ContainerConfig;
  readonly platform?: Platform;
  readonly author?: string;
  readonly comment?: string;
  /** The history entry: how it was made. */
  readonly createdBy: string;
}

/** What containers and builds ask of the images. */
export interface ImageStore {
  /**
   * By reference, ID or unique beginning of an ID. EngineError 404 `No such image: x`, also where it is not of the
   * platform that is asked for.
   */
  find(name: string, platform?: Platform): StoredImage;
  /** Its layers as directories, the lowest first, unpacked where they were not yet: the lowerdirs of an overlay. */
  layers(image: StoredImage): Promise<readonly string[]>;
  /** Adds an image and gives it the reference `name:tag`, where one is given. */
  add(image: NewImage, reference?: string): Promise<StoredImage>;
}

/** Which containers use what: derived from the records at each call. */
export interface Uses {
  ofImage(id: string): readonly ContainerUse[];
  ofVolume(name: string): readonly ContainerUse[];
}

export interface ContainerUse {
  readonly id: string;
  /** Without a slash. */
  readonly name: string;
  readonly running: boolean;
}

/** What a container wants of the network. The namespace of another container, or the host's, needs no sandbox. */
export interface SandboxRequest {
  /** The container's. */
  readonly id: string;
  readonly name: string;
  readonly hostname: string;
  readonly domainname?: string;
  /** By the network's name as the container gives it; the first one carries the default route unless GwPriority says otherwise. */
  readonly endpoints: ReadonlyMap<string, EndpointSettings>;
  /** `80/tcp` → where on the host. HostPort may be empty (any free one) or a range `8000-8010`. */
  readonly ports: PortMap;
  readonly dns?: {
    readonly servers: readonly string[];
    readonly search: readonly string[];
    readonly options: readonly string[];
  };
  /** `name:address`, where the address may be `host-gateway`. */
  readonly extraHosts: readonly string[];
  /** `net.*` only. */
  readonly sysctls: ReadonlyMap<string, string>;
  /** Where to write `resolv.conf` and `hosts`, which the container gets as bind mounts. */
  readonly files: string;
}

/** What it got. Plain data: the container's record keeps it, and gives it back when the daemon starts again. */
export interface Sandbox {
  readonly id: string;
  readonly name: string;
  readonly hostname: string;
  /** The network namespace as a path. */
  readonly netns: string;
  /** By the network's name, filled in: NetworkID, EndpointID, addresses, MacAddress, DNSNames. */
  readonly endpoints: Readonly<Record<string, EndpointSettings>>;
  /** By the network's name: the link inside, `eth0`. Networks without one are missing. */
  readonly links: Readonly<Record<string, string>>;
  /** With the allocated host ports, once for each address family. */
  readonly ports: PortMap;
  readonly request: SandboxRequestData;
}

/** A request as plain data. */
export type SandboxRequestData = Omit<SandboxRequest, "endpoints" | "sysctls"> & {
  readonly endpoints: Readonly<Record<string, EndpointSettings>>;
  readonly sysctls: Readonly<Record<string, string>>;
};

export interface NetworkIdentity {
  readonly id: string;
  readonly name: string;
}

/** What containers ask of the networks. */
export interface Sandboxes {
  /** The network that a user means by a name, an ID or its beginning. EngineError 404 where there is none. */
  identify(network: string): NetworkIdentity;
  /**
   * Throws for what can never be: an unknown network (404), an address outside of its subnets, a port that is none (400).
   * Whether a fixed address or port is free shows when the sandbox is opened: a container that has it may be on its way out.
   */
  check(request: Pick<SandboxRequest, "endpoints" | "ports">): void;
  /**
   * Makes the namespace with its links, addresses, routes, names and published ports, and writes the files. Calls that
   * come together are carried out together: one batch of links, one transaction of the firewall. Events `network connect`.
   * A port that is taken: EngineError 500 in docker's words; nothing is left behind then.
   */
  open(request: SandboxRequest): Promise<Sandbox>;
  /** Takes all of that away; a sandbox that is gone already is no error. Events `network disconnect`. */
  close(id: string): Promise<void>;
  /** Adds a network to a running container, or takes it out; the container's new sandbox. */
  join(id: string, network: string, endpoint: EndpointSettings): Promise<Sandbox>;
  leave(id: string, network: string): Promise<Sandbox>;
  rename(id: string, name: string): Promise<Sandbox>;
  /**
   * Once, when the daemon starts: these sandboxes belong to running containers; whatever else of ours the kernel holds is
   * taken away, and what is missing is made again.
   */
  restore(sandboxes: readonly Sandbox[]): Promise<void>;
}

export interface VolumeUse {
  readonly name: string;
  /** Where its content lies. */
  readonly source: string;
}

/** What containers ask of the volumes. */
export interface VolumeStore {
  /**
   * The volume of a name, created where it is missing; without a name a new anonymous one. Events `volume create`.
   * EngineError 400 for a bad name, 409 where it is there with another driver.
   */
  ensure(
    name: string | undefined,
    options?: {
      driver?: string;
      options?: Readonly<Record<string, string>>;
      labels?: Readonly<Record<string, string>>;
    },
  ): Promise<VolumeUse>;
  /** Mounts what its options say (`type`, `o`, `device`), once for all its containers; its content's path. Event `volume mount`. */
  mount(name: string, container: string, destination: string, readWrite: boolean): Promise<string>;
  /** Undoes that; the last container takes the mount away. Event `volume unmount`. */
  unmount(name: string, container: string): Promise<void>;
  /** Removes the anonymous volumes of a container that is removed with its volumes. */
  removeAnonymous(names: readonly string[]): Promise<void>;
}

/** One step of a build: a process in a sandbox with the defaults of containers, which nobody but the build knows of. */
export interface BuildStep {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** Directories of the layers that it runs on, the lowest first. */
  readonly lowers: readonly string[];
  /** Empty directories on one file system: what the step changes comes to lie in `upper`, as overlayfs writes it. */
  readonly upper: string;
  readonly work: string;
  /** `Cmd` is the whole command line; Env, User and WorkingDir count too. */
  readonly config: ContainerConfig;
  /** Limits, ExtraHosts, ShmSize; NetworkMode is `default`, `none` or `host`. */
  readonly hostConfig: HostConfig;
  /** In this order; what is missing of their targets is made. */
  readonly mounts: readonly StepMount[];
  /** What it writes, as it comes. */
  readonly output: (frame: Frame) => void;
}

export type StepMount =
  | { readonly type: "bind"; readonly source: string; readonly target: string; readonly readOnly: boolean }
  | { readonly type: "tmpfs"; readonly target: string /** Bytes. */; readonly size?: number };

/** What builds ask of the containers. */
export interface StepRunner {
  /** Runs a step to its end: its exit code. An aborted signal kills it; nothing of it is left then, but what is in `upper`. */
  run(step: BuildStep, signal: AbortSignal): Promise<number>;
}
