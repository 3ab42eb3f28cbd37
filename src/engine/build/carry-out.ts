/** The work of a build: its stages, side by side where they can be, and at the end the image. */

import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { EngineError } from "../../errors.ts";
import type { HostConfig, ImageBuildArgs, Progress } from "../api.ts";
import type { Platform } from "../daemon/rooms.ts";
import type { Image } from "../images/catalog.ts";
import { shortId } from "../images/digest.ts";
import { encodeImageConfig, type ImageHistory } from "../images/image-config.ts";
import { formatPlatform, platformMatches } from "../images/platform.ts";
import { pullForBuild } from "../images/pull.ts";
import { reference as readReference } from "../images/references.ts";
import { unpackLayer } from "../images/unpack.ts";
import { badRequest } from "../refusal.ts";
import type { Build, StageResult } from "./build.ts";
import type { BuildRoom } from "./build-image.ts";
import { buildStage } from "./build-stage.ts";
import { copyPieces } from "./copy-pieces.ts";
import { cacheImages } from "./image-cache.ts";
import { orderOutput } from "./output.ts";
import type { Placed } from "./place.ts";
import { unusedArguments } from "./variables.ts";
import { openViews } from "./views.ts";

/** What is known before anything is built. */
export type Prepared = Pick<Build, "context" | "dockerfile" | "plan" | "args" | "globals">;

export interface Work extends Prepared, Pick<Build, "folder" | "signal" | "platform"> {
  readonly room: BuildRoom;
  readonly request: ImageBuildArgs;
  /** `name:tag` in short form. */
  readonly tags: readonly string[];
  readonly tell: (line: Progress) => void;
}

/** Tells the lines of docker's classic builder. Rejects with the first failure, when all of the stages are over. */
export async function carryOut(work: Work): Promise<void> {
  const { room, request, tags, tell, plan } = work;
  const say = (text: string) => {
    if (request.q !== true) tell({ stream: text });
  };
  const holds: (() => void)[] = [];
  const keep = (diffIds: readonly string[]) => holds.push(room.images.catalog.hold(diffIds));
  const views = openViews(room.images.layers, path.join(work.folder, "views"));
  const abort = new AbortController();
  const signal = AbortSignal.any([work.signal, abort.signal]);
  const made: string[] = [];
  try {
    const outputs = orderOutput(plan.stages.length, (line) => {
      if (request.q !== true) tell(line);
    });
    const build = prepareBuild(work, {
      views,
      signal,
      keep: (diffIds, isNew) => {
        keep(diffIds);
        if (isNew) made.push(...diffIds);
      },
      run: (one, index) => {
        const output = outputs(index);
        return buildStage(one, plan.stages[index] ?? raise(), output).finally(output.end);
      },
      tell: (line) => {
        if (request.q !== true) tell(line);
      },
    });
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
    if (unused.length > 0) say(`[Warning] One or more build-args [${unused.join(" ")}] were not consumed\n`);
    const image = await finish(room, await build.stage(plan.target), request.labels ?? {});
    for (const tag of tags) {
      await room.images.catalog.tag(tag, image.id);
      room.images.tell("tag", image, tag);
    }
    if (request.q === true) tell({ stream: `${image.id}\n` });
    tell({ aux: { ID: image.id } });
    say(`Successfully built ${shortId(image.id)}\n`);
    for (const tag of tags) say(`Successfully tagged ${tag}\n`);
  } finally {
    await views.close();
    for (const release of holds) release();
    await room.images.catalog.collect(made);
  }
}

function raise(): never {
  throw new Error("a stage was asked for that the plan does not have");
}

interface Shared {
  readonly views: Build["views"];
  readonly signal: AbortSignal;
  keep(diffIds: readonly string[], isNew: boolean): void;
  run(build: Build, place: number): Promise<StageResult>;
  tell(line: Progress): void;
}

function prepareBuild(work: Work, { views, signal, keep, run, tell }: Shared): Build {
  const { room, request, plan, folder, context, dockerfile, args, globals, platform } = work;
  const stages = new Map<number, Promise<StageResult>>();
  const images = new Map<string, Promise<StageResult>>();
  let directory: Promise<string> | undefined;
  const temporary = () => path.join(folder, randomBytes(8).toString("hex"));
  const build: Build = {
    ...room,
    folder,
    views,
    context,
    dockerfile,
    plan,
    args,
    globals,
    platform,
    signal,
    temporary,
    cacheFrom: cacheImages(room.images, request.cachefrom ?? []),
    noCache: request.nocache === true,
    pull: request.pull === true,
    auths: request.auths ?? {},
    hostConfig: hostConfigOf(request),
    keep: (diffId) => keep([diffId], true),
    stage: (index) => {
      const place = plan.stages.findIndex(({ stage }) => stage.index === index);
      if (place === -1)
        return Promise.reject(
          badRequest(`the stage ${index} is named by a variable, so that it was not known to be needed`),
        );
      const known = stages.get(index) ?? run(build, place);
      stages.set(index, known);
      return known;
    },
    image: (reference, wanted = platform) => {
      const key = `${reference} ${formatPlatform(wanted)}`;
      const known = images.get(key) ?? findImage(build, reference, wanted, keep, tell);
      images.set(key, known);
      return known;
    },
    contextDirectory: () => {
      directory ??= unpackContext(build, temporary());
      return directory;
    },
  };
  return build;
}

function hostConfigOf(request: ImageBuildArgs): HostConfig {
  return {
    NetworkMode: request.networkmode ?? "default",
    ...(request.extrahosts !== undefined && { ExtraHosts: [...request.extrahosts] }),
    ...(request.shmsize !== undefined && { ShmSize: request.shmsize }),
    ...(request.ulimits !== undefined && { Ulimits: [...request.ulimits] }),
    ...(request.memory !== undefined && { Memory: request.memory }),
    ...(request.memswap !== undefined && { MemorySwap: request.memswap }),
    ...(request.cpushares !== undefined && { CpuShares: request.cpushares }),
    ...(request.cpusetcpus !== undefined && { CpusetCpus: request.cpusetcpus }),
    ...(request.cpuperiod !== undefined && { CpuPeriod: request.cpuperiod }),
    ...(request.cpuquota !== undefined && { CpuQuota: request.cpuquota }),
  };
}

async function findImage(
  { images, pull, auths, signal }: Build,
  name: string,
  platform: Platform,
  keep: Shared["keep"],
  tell: Shared["tell"],
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
  let image = pull ? undefined : find();
  if (image === undefined) {
    const { registry } = readReference(name);
    const auth = auths[registry === "docker.io" ? "https://index.docker.io/v1/" : registry];
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
    platform: image.config.platform,
    ...(created !== undefined && { created }),
    ...(author !== undefined && { author }),
  };
}

async function unpackContext({ context }: Build, directory: string): Promise<string> {
  await mkdir(directory, { mode: 0o755 });
  const placed = context.below("").map((node): Placed => {
    const { entry } = node;
    const path = entry.type === "directory" ? `${entry.path}/` : entry.path;
    return { node, tree: context, entry: { ...entry, path, uid: 0, gid: 0 } };
  });
  const pieces = copyPieces(placed);
  await unpackLayer(
    (async function* () {
      for await (const { data } of pieces) yield data;
    })(),
    directory,
  );
  return directory;
}

/** The same stage is the same image, whenever it is built: no time is in it but those of its steps. */
async function finish(
  { images }: BuildRoom,
  stage: StageResult,
  labels: Readonly<Record<string, string>>,
): Promise<Image> {
  const history = withTimes(stage);
  const all = new Map([...Object.entries(stage.config.Labels ?? {}), ...Object.entries(labels)]);
  const text = encodeImageConfig({
    platform: stage.platform,
    config: all.size === 0 ? stage.config : { ...stage.config, Labels: Object.fromEntries(all) },
    diffIds: stage.diffIds,
    history,
    created: history.at(-1)?.created ?? stage.created ?? beginning,
    ...(stage.author !== undefined && { author: stage.author }),
  });
  return images.catalog.register(text);
}

const beginning = "1970-01-01T00:00:00Z";

/** A step without a time was done with the one before it, or the first one that has one. */
function withTimes({ history, created }: StageResult): readonly ImageHistory[] {
  let time = history.find((step) => step.created !== undefined)?.created ?? created ?? beginning;
  return history.map((step) => {
    time = step.created ?? time;
    return { ...step, created: time };
  });
}
