/** The builds' room: answers the API's calls about builds. */

import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { EngineError } from "../../errors.ts";
import type { BuildCacheEntry, Engine } from "../api.ts";
import { makeFolder } from "../daemon/durable.ts";
import type { Ground } from "../daemon/ground.ts";
import type { StepRunner } from "../daemon/rooms.ts";
import type { ImagesRoom } from "../images/room.ts";
import { badRequest } from "../refusal.ts";
import type { Tunnel } from "../serve.ts";
import { type BuildRoom, buildImage } from "./build-image.ts";
import { openCache } from "./cache.ts";
import { openCacheMounts } from "./cache-mounts.ts";
import { openControl } from "./control/serve-control.ts";
import { openCopies } from "./copies.ts";
import { rememberContexts } from "./session/contexts.ts";
import { openSessions } from "./session/open-sessions.ts";
import { unmountBelow } from "./views.ts";

export interface BuildsRoom {
  readonly calls: Pick<Engine, "imageBuild" | "buildCancel" | "buildPrune">;
  /** For `systemDf`. */
  cacheEntries(): readonly BuildCacheEntry[];
  /** BuildKit's protocol: the paths at which clients begin to speak it. */
  readonly tunnels: Readonly<Record<string, Tunnel>>;
}

/** To be opened before `images.sweep()`: the build cache holds layers. What builds of a daemon that was killed left is removed. */
export async function openBuilds(ground: Ground, images: ImagesRoom, runner: StepRunner): Promise<BuildsRoom> {
  const home = path.join(ground.dataRoot, "builds");
  const folder = path.join(home, "running");
  await makeFolder(folder);
  await unmountBelow(folder);
  for (const name of await readdir(folder)) await rm(path.join(folder, name), { recursive: true, force: true });
  const cache = await openCache(ground, images);
  const cacheMounts = await openCacheMounts(path.join(home, "mounts"));
  const copies = openCopies(images.layers);
  const room: BuildRoom = { images, cache, cacheMounts, copies, runner, folder };
  const sessions = openSessions();
  const rooms = { sessions, sent: rememberContexts() };
  /** By the ID that clients gave their builds. */
  const cancels = new Map<string, AbortController>();
  const control = openControl({ room, ...rooms });
  return {
    tunnels: { "/session": sessions.take, "/grpc": control },
    cacheEntries: cache.entries,
    calls: {
      imageBuild: (args, { signal = new AbortController().signal } = {}) => {
        if (!args.buildid) return buildImage(room, rooms, args, signal);
        const id = args.buildid;
        const cancel = new AbortController();
        cancels.set(id, cancel);
        const over = () => {
          if (cancels.get(id) === cancel) cancels.delete(id);
        };
        return withEnd(buildImage(room, rooms, args, AbortSignal.any([signal, cancel.signal])), over);
      },
      buildCancel: async ({ id }) => {
        if (!id) throw badRequest("build ID not provided");
        cancels.get(id)?.abort(new EngineError("the build was cancelled", { status: 500 }));
      },
      buildPrune: async ({ all = false, filters = {}, "keep-storage": keep }) => {
        const answer = await cache.prune({ all, filters, keep });
        if (all) await cacheMounts.prune();
        return answer;
      },
    },
  };
}

/** The same lines; `over` is called when there are no more, or nobody reads them. */
async function withEnd<T>(coming: Promise<AsyncIterable<T>>, over: () => void): Promise<AsyncIterable<T>> {
  const lines = await coming.catch((error: unknown) => {
    over();
    throw error;
  });
  return (async function* () {
    try {
      yield* lines;
    } finally {
      over();
    }
  })();
}
