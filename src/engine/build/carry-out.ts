/** The work of a build: its stages, side by side where they can be. */

import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { EngineError } from "../../errors.ts";
import type { Progress } from "../api.ts";
import type { Platform } from "../daemon/rooms.ts";
import type { Image } from "../images/catalog.ts";
import { formatPlatform, platformMatches } from "../images/platform.ts";
import { pullForBuild } from "../images/pull.ts";
import { reference as readReference } from "../images/references.ts";
import { unpackLayer } from "../images/unpack.ts";
import { badRequest } from "../refusal.ts";
import type { Build, StageResult } from "./build.ts";
import type { BuildRoom } from "./build-image.ts";
import { buildStage } from "./build-stage.ts";
import { copyTar } from "./copy-pieces.ts";
import { cacheImages } from "./image-cache.ts";
import { placedAsTheyAre } from "./origin.ts";
import type { BuildRequest } from "./request.ts";
import type { Tree } from "./tree.ts";
import { unusedArguments } from "./variables.ts";
import { openViews } from "./views.ts";

/** What is known before anything is built. */
export type Prepared = Pick<Build, "dockerfile" | "plan" | "args" | "globals" | "wanted">;

export interface Work extends Prepared, Pick<Build, "folder" | "signal" | "output"> {
  readonly room: BuildRoom;
  readonly request: BuildRequest;
}

/** A stage that was built. Its layers stay until it is released. */
export interface Built {
  readonly stage: StageResult;
  release(): Promise<void>;
}

/** Builds the stage that the plan leads to. Rejects with the first failure, when all of the stages are over. */
export async function carryOut(work: Work): Promise<Built> {
  const { room, plan, output } = work;
  const holds: (() => void)[] = [];
  const made: string[] = [];
  const closers: (() => void)[] = [];
  const release = async () => {
    for (const one of holds.splice(0)) one();
    await room.images.catalog.collect(made);
  };
  const views = openViews(room.images.layers, path.join(work.folder, "views"));
  const abort = new AbortController();
  const { sources, platform } = work.request;
  const { images } = room;
  const caches = { images, platform, signal: work.signal, credentials: sources.credentials, warn: output.warn };
  const cacheFrom = await cacheImages(work.request.cacheFrom, caches);
  for (const { diffIds } of cacheFrom) holds.push(images.catalog.hold(diffIds));
  const build = prepareBuild(work, {
    cacheFrom,
    views,
    signal: AbortSignal.any([work.signal, abort.signal]),
    keep: (diffIds, isNew) => {
      holds.push(room.images.catalog.hold(diffIds));
      if (isNew) made.push(...diffIds);
    },
    atEnd: (close) => void closers.push(close),
  });
  try {
    const stages = plan.stages.map(({ stage }) => build.stage(stage.index));
    // The first failure ends all; what it led to is not what went wrong.
    let failure: unknown;
    for (const one of stages) {
      one.catch((error: unknown) => {
        failure ??= error;
        abort.abort();
      });
    }
    await Promise.allSettled(stages);
    if (work.signal.aborted) throw work.signal.reason;
    if (failure !== undefined) throw failure;
    const unused = unusedArguments(work.args);
    if (unused.length > 0) output.warn(`One or more build-args [${unused.join(" ")}] were not consumed`);
    return { stage: await build.stage(plan.target), release };
  } catch (error) {
    await release();
    throw error;
  } finally {
    await views.close();
    for (const close of closers) close();
  }
}

interface Shared extends Pick<Build, "views" | "signal" | "atEnd" | "cacheFrom"> {
  keep(diffIds: readonly string[], isNew: boolean): void;
}

function prepareBuild(work: Work, { keep, ...shared }: Shared): Build {
  const { room, request, plan, output } = work;
  const { sources, platform, hostConfig, entitlements, pull, noCache } = request;
  const temporary = () => path.join(work.folder, randomBytes(8).toString("hex"));
  const stages = onceEach<StageResult>();
  const images = onceEach<StageResult>();
  const files = onceEach<Tree>();
  const directories = new Map<Tree, Promise<string>>();
  const build: Build = {
    ...room,
    ...work,
    ...shared,
    sources,
    platform,
    hostConfig,
    entitlements,
    pull,
    temporary,
    noCache: ({ stage }) =>
      noCache === "all" || noCache.includes(stage.from.name ?? "") || noCache.includes(String(stage.index)),
    keep: (diffId) => keep([diffId], true),
    stage: (index) => {
      const place = plan.stages.findIndex(({ stage }) => stage.index === index);
      const planned = plan.stages[place];
      if (planned === undefined)
        return Promise.reject(
          badRequest(`the stage ${index} is named by a variable, so that it was not known to be needed`),
        );
      return stages(String(index), () => {
        const told = output.stage(place);
        return buildStage(build, planned, told).finally(told.end);
      });
    },
    image: (reference, wanted, tell) =>
      images(`${reference} ${formatPlatform(wanted)}`, () => findImage(build, reference, wanted, keep, tell)),
    context: () => files("", () => opened(sources.context(work.wanted))),
    files: (name) =>
      files(name, () => {
        const context = sources.named.get(name);
        if (context?.kind !== "files") throw new Error(`the context ${name} has no files`);
        return opened(context.tree());
      }),
    directoryOf: (tree) => {
      const known = directories.get(tree) ?? unpackTree(tree, temporary());
      directories.set(tree, known);
      return known;
    },
  };
  const opened = async (coming: Promise<Tree>) => {
    const tree = await coming;
    shared.atEnd(tree.close);
    return tree;
  };
  return build;
}

/** What is made once, whoever asks for it. */
function onceEach<T>(): (key: string, make: () => Promise<T>) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (key, make) => {
    const one = known.get(key) ?? make();
    known.set(key, one);
    return one;
  };
}

async function findImage(
  { images, pull, sources, signal }: Build,
  name: string,
  platform: Platform,
  keep: Shared["keep"],
  tell: (line: Progress) => void,
): Promise<StageResult> {
  const find = (): Image | undefined => {
    try {
      const found = images.catalog.find(name);
      return platformMatches(found.config.platform, platform) ? found : undefined;
    } catch (error) {
      if (error instanceof EngineError && error.status === 404) return undefined;
      throw error;
    }
  };
  const isHere = [...sources.named.values()].some(
    (context) => context.kind === "image" && context.isHere === true && context.reference === name,
  );
  let image = pull && !isHere ? undefined : find();
  if (image === undefined) {
    const { registry } = readReference(name);
    const auth = await sources.credentials(registry);
    await pullForBuild(images, name, { platform, auth, signal }, tell);
    image = find();
  }
  if (image === undefined) throw badRequest(`${name} is not made for ${formatPlatform(platform)}`);
  keep(image.diffIds, false);
  const { config, history, created, author } = image.config;
  return {
    id: image.id,
    diffIds: image.diffIds,
    config,
    history,
    steps: [],
    platform: image.config.platform,
    ...(created !== undefined && { created }),
    ...(author !== undefined && { author }),
  };
}

async function unpackTree(tree: Tree, directory: string): Promise<string> {
  await mkdir(directory, { mode: 0o755 });
  await unpackLayer(copyTar(placedAsTheyAre(tree)), directory);
  return directory;
}
