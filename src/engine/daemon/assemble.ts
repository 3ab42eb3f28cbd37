/** Opens the rooms of the daemon and puts them together to one engine. */

import { readFileSync } from "node:fs";
import type { Engine } from "../api.ts";
import type { Places } from "../embedded.ts";
import { openImages } from "../images/open-images.ts";
import { openNetworks } from "../networks/open.ts";
import { notImplemented } from "../refusal.ts";
import { routes } from "../routes.ts";
import { openEventLog } from "./event-log.ts";
import { answerEvents } from "./events.ts";
import type { Ground, Log } from "./ground.ts";
import type { Uses } from "./rooms.ts";
import { answerSystem } from "./system.ts";

export interface Assembled {
  readonly engine: Engine;
  /** Lets go of everything; containers go on. */
  close(): Promise<void>;
}

/** Reads the records, takes over what runs, and gives the engine that answers for all of it. */
export async function assemble(places: Places, log: Log): Promise<Assembled> {
  const clock = openClock();
  const ground: Ground = {
    dataRoot: places.dataRoot,
    execRoot: places.execRoot,
    bootId: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
    events: openEventLog(clock),
    log,
  };
  const images = await openImages(ground, uses);
  await images.sweep();
  const networks = await openNetworks(ground);
  await networks.sandboxes.restore([]);
  const engine: Engine = {
    ...missingCalls(),
    ...images.calls,
    ...networks.api,
    ...answerEvents(ground.events, clock),
    ...answerSystem({
      ground,
      rooms: { containerList: async () => [], imageList: images.calls.imageList },
      runtimes: { found: [], warnings: [] },
      cgroups: "1",
      usage: { layers: async () => 0, volumes: async () => [], buildCache: async () => [] },
    }),
  };
  return { engine, close: networks.shutDown };
}

const uses: Uses = { ofImage: () => [], ofVolume: () => [], ofNetwork: () => [] };

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
