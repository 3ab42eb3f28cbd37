/** Opens the rooms of the daemon and puts them together to one engine. */

import { readFileSync } from "node:fs";
import type { Engine } from "../api.ts";
import { openBuilds } from "../build/open-builds.ts";
import { openContainers } from "../containers/open.ts";
import { shareFolder } from "../containers/runtime/view.ts";
import type { Places } from "../embedded.ts";
import { openImages } from "../images/open-images.ts";
import { openNetworks } from "../networks/open.ts";
import { notImplemented } from "../refusal.ts";
import type { RegistryOptions } from "../registry/hosts.ts";
import { routes } from "../routes.ts";
import type { Tunnel } from "../serve.ts";
import { openVolumes } from "../volumes/open.ts";
import { openEventLog } from "./event-log.ts";
import { answerEvents } from "./events.ts";
import type { Ground, Log } from "./ground.ts";
import type { Uses } from "./rooms.ts";
import { answerSystem } from "./system.ts";

export interface Assembled {
  readonly engine: Engine;
  /** Other protocols than the engine's API, by their paths. */
  readonly tunnels: Readonly<Record<string, Tunnel>>;
  /** Lets go of everything; containers go on. */
  close(): Promise<void>;
}

/** Reads the records, takes over what runs, and gives the engine that answers for all of it. */
export async function assemble(places: Places, log: Log, registries: RegistryOptions): Promise<Assembled> {
  const clock = openClock();
  const ground: Ground = {
    dataRoot: places.dataRoot,
    execRoot: places.execRoot,
    bootId: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
    events: openEventLog(clock),
    log,
  };
  let uses: Uses = { ofImage: () => [], ofVolume: () => [] };
  // Rooms are opened one after the other, and each may ask what containers use: none before they are read.
  const laterUses: Uses = {
    ofImage: (id) => uses.ofImage(id),
    ofVolume: (name) => uses.ofVolume(name),
  };
  const images = await openImages(ground, laterUses, registries);
  const volumes = await openVolumes({ ground, uses: laterUses });
  // Before anything is mounted there: what will be has to reach the runtime's view of the host by itself.
  await shareFolder(ground.execRoot, "shared");
  const networks = await openNetworks(ground);
  const containers = await openContainers({
    ground,
    images: images.store,
    volumes: volumes.store,
    sandboxes: networks.sandboxes,
  });
  uses = containers.uses;
  await containers.restore();
  const builds = await openBuilds(ground, images, containers.steps);
  await images.sweep();
  const { probe } = containers;
  const engine: Engine = {
    ...missingCalls(),
    ...images.calls,
    ...volumes.calls,
    ...networks.api,
    ...containers.calls,
    ...builds.calls,
    ...answerEvents(ground.events, clock),
    ...answerSystem({
      ground,
      rooms: { containerList: containers.calls.containerList, imageList: images.calls.imageList },
      runtimes: { found: [probe], warnings: probe.warnings },
      registries,
      cgroups: probe.layout === "v2" ? "2" : "1",
      usage: {
        layers: async () => [...images.layers.all.values()].reduce((sum, { size }) => sum + size, 0),
        volumes: volumes.usage,
        buildCache: async () => builds.cacheEntries(),
      },
    }),
  };
  const close = async () => {
    containers.close();
    await networks.shutDown();
  };
  return { engine, tunnels: builds.tunnels, close };
}

/** Nanoseconds of Unix time, each later than the one before: events of one millisecond keep their order. */
function openClock(): () => bigint {
  let last = 0n;
  return () => {
    const now = BigInt(Date.now()) * 1_000_000n;
    last = now > last ? now : last + 1n;
    return last;
  };
}

/** Every call of the contract as one that is not here yet. */
function missingCalls(): Engine {
  const refuse = (name: string) => async () => {
    throw notImplemented(`this engine does not have the call ${name} yet`);
  };
  return Object.fromEntries(Object.keys(routes).map((name) => [name, refuse(name)])) as unknown as Engine;
}
