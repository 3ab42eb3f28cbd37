/** Creates a container: everything is checked, its volumes are there, its own layer lies ready, and its record says so. */

import { randomBytes } from "node:crypto";
import { mkdir, stat } from "node:fs/promises";
import { EngineError } from "../../../errors.ts";
import type { ContainerCreateBody, EndpointSettings, HostConfig } from "../../api.ts";
import type { NetworkIdentity, Platform, StoredImage } from "../../daemon/rooms.ts";
import { badRequest } from "../../refusal.ts";
import { logOf } from "../log.ts";
import { wantedPorts, wantsSandbox } from "../network.ts";
import type { ContainerRecord, MountRecord } from "../record.ts";
import type { Container } from "../registry.ts";
import { removeContainer } from "../remove.ts";
import { partnerOf, publish, type Room, timestamp } from "../room.ts";
import { makeUpper } from "../rootfs/overlay.ts";
import { removeTree } from "../rootfs/remove-tree.ts";
import { isMissing } from "../rootfs/walk.ts";
import { created } from "../state.ts";
import { checkConfig } from "./check.ts";
import { checkHostConfig } from "./check-host.ts";
import { fillVolumes } from "./copy-up.ts";
import { fillHostConfig } from "./host-config.ts";
import { mergeConfig } from "./merge.ts";
import type { MountPlan } from "./mount-plan.ts";
import { planMounts } from "./mounts.ts";
import { checkName, randomName } from "./names.ts";

export interface CreateRequest {
  readonly name?: string;
  /** `linux/arm64/v8`. */
  readonly platform?: string;
  readonly body: ContainerCreateBody;
}

export async function createContainer(
  room: Room,
  { name, platform, body }: CreateRequest,
): Promise<{ Id: string; Warnings: string[] }> {
  const { HostConfig: own = {}, NetworkingConfig, ...ownConfig } = body;
  const wantedName = name === undefined || name === "" ? undefined : checkName(name);
  const image = findImage(room, ownConfig.Image, platform);
  const config = mergeConfig(ownConfig, image.config);
  const hostConfig = fillHostConfig(
    besidesImage(() => resolvePartners(room, own)),
    room.runtime.name,
  );
  checkConfig(config, hostConfig);
  const warnings = checkHostConfig(hostConfig, room.host);
  logOf(hostConfig, "");
  const identify = wantsSandbox(hostConfig) ? room.sandboxes.identify : (name: string) => ({ name });
  const endpoints = besidesImage(() =>
    endpointsOf(hostConfig, NetworkingConfig?.EndpointsConfig ?? {}, config.MacAddress, identify),
  );
  const mountsOf = (reference: string) => room.registry.find(reference).record.mounts;
  const plans = besidesImage(() => planMounts(config, hostConfig, mountsOf));
  for (const link of hostConfig.Links ?? []) checkLink(room, link);
  if (wantsSandbox(hostConfig)) {
    const ports = wantedPorts({ config, hostConfig });
    besidesImage(() => room.sandboxes.check({ endpoints: new Map(Object.entries(endpoints)), ports }));
  }

  const id = randomBytes(32).toString("hex");
  if (needsHostname(hostConfig) && (config.Hostname ?? "") === "") config.Hostname = id.slice(0, 12);
  const finalName = reserveName(room, wantedName, id);
  let container: Container | undefined;
  try {
    const mounts = await Promise.all(plans.map((plan) => placeMount(room, plan)));
    const record: ContainerRecord = {
      format: 1,
      id,
      name: finalName,
      created: timestamp(),
      phase: "creating",
      image: { id: image.id, reference: ownConfig.Image ?? image.id },
      config,
      hostConfig,
      endpoints,
      mounts,
      state: created,
    };
    const { upper, work, files } = room.places.of(id);
    await makeUpper({ layers: await room.images.layers(image), upper, work });
    await mkdir(files, { recursive: true, mode: 0o700 });
    // Until its record is there, its folder is nobody's and swept when the daemon starts; volumes have records of their own.
    const hasVolumes = plans.some(({ type }) => type === "volume");
    container = await room.registry.add(hasVolumes ? record : { ...record, phase: "ready" });
    if (hasVolumes) {
      await makeVolumes(room, container, plans);
      await fillVolumes(room, container.record);
      await container.save((before) => ({ ...before, phase: "ready" }), { sync: true });
    }
  } catch (error) {
    if (container === undefined) room.registry.release(finalName);
    else await removeContainer(room, container, { volumes: true });
    await removeTree(room.places.of(id).folder);
    throw error;
  }
  publish(room, container.record, "create");
  return { Id: id, Warnings: warnings };
}

/**
 * Makes of 404 a 400: to clients a create call's 404 means that the image is missing, and they would pull it.
 * Source: docker/cli cli/command/container/create.go.
 */
function besidesImage<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) throw badRequest(error.message, error);
    throw error;
  }
}

/** `container` or `container:alias`. EngineError 400 where there is no such container. */
function checkLink(room: Room, link: string): void {
  const [name = ""] = link.split(":");
  try {
    room.registry.find(name);
  } catch (cause) {
    throw badRequest(`could not get container for ${name}: No such container: ${name}`, cause);
  }
}

function findImage(room: Room, reference: string | undefined, platform: string | undefined): StoredImage {
  if (reference === undefined || reference === "") throw badRequest("no image is given: the field Image is empty");
  return room.images.find(reference, platform === undefined || platform === "" ? undefined : parsePlatform(platform));
}

export function parsePlatform(text: string): Platform {
  const [os = "", architecture, variant, ...rest] = text.toLowerCase().split("/");
  if (rest.length > 0 || !/^[a-z0-9_-]+$/.test(os)) {
    throw badRequest(
      `"${text}" is an invalid OS component of "${text}": OSAndVersion specifier component must match "^([A-Za-z0-9_-]+)$"`,
    );
  }
  return {
    os,
    architecture: architecture ?? "amd64",
    ...(variant !== undefined && { variant }),
  };
}

/** Containers whose namespaces are shared are kept by ID: a name may come to mean another one. EngineError 404. */
function resolvePartners(room: Room, own: HostConfig): HostConfig {
  const resolve = (mode: string) => {
    const partner = partnerOf(mode);
    return partner === undefined ? mode : `container:${room.registry.find(partner).id}`;
  };
  return {
    ...own,
    ...(own.NetworkMode !== undefined && { NetworkMode: resolve(own.NetworkMode) }),
    ...(own.PidMode !== undefined && { PidMode: resolve(own.PidMode) }),
    ...(own.IpcMode !== undefined && { IpcMode: resolve(own.IpcMode) }),
  };
}

/**
 * By the networks' names, and with their IDs, where they have one; that of the mode comes first. `default` means the bridge.
 */
function endpointsOf(
  { NetworkMode = "bridge" }: HostConfig,
  given: Readonly<Record<string, EndpointSettings>>,
  mac: string | undefined,
  identify: (network: string) => Partial<NetworkIdentity> & { readonly name: string },
): Record<string, EndpointSettings> {
  if (partnerOf(NetworkMode) !== undefined) return {};
  const on = (network: string, endpoint: EndpointSettings): [string, EndpointSettings] => {
    const { id, name } = identify(network);
    return [name, { ...endpoint, ...(id !== undefined && { NetworkID: id }) }];
  };
  const byName = new Map(
    Object.entries(given).map(([network, endpoint]) => on(network === "default" ? "bridge" : network, endpoint ?? {})),
  );
  const [main, first] = on(NetworkMode, byName.get(identify(NetworkMode).name) ?? {});
  if (mac !== undefined && mac !== "" && (first.MacAddress ?? "") === "") first.MacAddress = mac;
  byName.delete(main);
  return Object.fromEntries([[main, first], ...byName]);
}

const needsHostname = ({ NetworkMode, UTSMode }: HostConfig) =>
  NetworkMode !== "host" && UTSMode !== "host" && partnerOf(NetworkMode) === undefined;

function reserveName(room: Room, wanted: string | undefined, id: string): string {
  if (wanted !== undefined) {
    room.registry.reserve(wanted, id);
    return wanted;
  }
  for (let attempt = 0; ; attempt++) {
    const name = randomName(Math.min(attempt, 6));
    try {
      room.registry.reserve(name, id);
      return name;
    } catch (error) {
      if (attempt > 100) throw error;
    }
  }
}

/** A mount's place on the host. An anonymous volume gets its name here, so that the record knows it before it is made. */
async function placeMount(room: Room, plan: MountPlan): Promise<MountRecord> {
  const { driverOptions: _, labels: __, createSource, ...mount } = plan;
  switch (mount.type) {
    case "volume":
      return { ...mount, name: mount.name ?? randomBytes(32).toString("hex"), source: mount.source ?? "" };
    case "image": {
      const image = room.images.find(mount.name ?? "");
      return { ...mount, source: image.id };
    }
    case "tmpfs":
      return { ...mount, source: "" };
    case "bind":
      return { ...mount, source: await placeBind(mount.source ?? "", createSource === true) };
  }
}

async function placeBind(source: string, create: boolean): Promise<string> {
  const found = await stat(source).then(
    () => true,
    (error: unknown) => {
      if (isMissing(error)) return false;
      throw badRequest(`invalid mount config for type "bind": stat ${source}: ${String(error)}`, error);
    },
  );
  if (found) return source;
  if (!create) {
    throw badRequest(`invalid mount config for type "bind": bind source path does not exist: ${source}`);
  }
  await mkdir(source, { recursive: true, mode: 0o755 });
  return source;
}

/** Makes the volumes that are missing, and notes where they are. */
async function makeVolumes(room: Room, container: Container, plans: readonly MountPlan[]): Promise<void> {
  const mounts = await Promise.all(
    container.record.mounts.map(async (mount, index): Promise<MountRecord> => {
      const plan = plans[index];
      if (mount.type !== "volume" || mount.name === undefined) return mount;
      const { name, source } = await room.volumes.ensure(mount.name, {
        ...(mount.driver !== undefined && { driver: mount.driver }),
        ...(plan?.driverOptions !== undefined && { options: plan.driverOptions }),
        labels: mount.anonymous ? { "com.docker.volume.anonymous": "", ...plan?.labels } : { ...plan?.labels },
      });
      return { ...mount, name, source };
    }),
  );
  await container.save((record) => ({ ...record, mounts }), { sync: false });
}
