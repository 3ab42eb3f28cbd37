/** A build, from its context and arguments to an image under its names. */

import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import type { Source } from "../../errors.ts";
import type { HostConfig, ImageBuildArgs, Progress } from "../api.ts";
import type { StepRunner } from "../daemon/rooms.ts";
import { parseIgnore } from "../ignore.ts";
import { decompress } from "../images/decompress.ts";
import { shortId } from "../images/digest.ts";
import type { ImagesRoom } from "../images/open-images.ts";
import { hostPlatform, parsePlatform } from "../images/platform.ts";
import { progressOf } from "../images/progress.ts";
import { taggedReference } from "../images/references.ts";
import { badRequest } from "../refusal.ts";
import type { BuildCache } from "./cache.ts";
import type { CacheMounts } from "./cache-mounts.ts";
import { carryOut } from "./carry-out.ts";
import { openClassicOutput } from "./classic-output.ts";
import { makeImage } from "./make-image.ts";
import { prepare } from "./prepare.ts";
import { openRemoteContext } from "./remote-context.ts";
import type { BuildRequest } from "./request.ts";
import { receiveTree, type Tree, textIn } from "./tree.ts";
import { asBytes } from "./view.ts";

export interface BuildRoom {
  readonly images: ImagesRoom;
  readonly cache: BuildCache;
  readonly cacheMounts: CacheMounts;
  readonly runner: StepRunner;
  /** Where builds have their directories, while they last. */
  readonly folder: string;
}

/** What cannot be built at all is refused before the answer begins: EngineError 400. */
export async function buildImage(
  room: BuildRoom,
  args: ImageBuildArgs,
  signal: AbortSignal | undefined,
): Promise<AsyncIterable<Progress>> {
  if (args.version === "2")
    throw badRequest("this engine does not have BuildKit's protocol (version=2) yet: build with DOCKER_BUILDKIT=0");
  const tags = (args.t ?? []).map((name) => taggedReference(name, undefined));
  const folder = path.join(room.folder, randomBytes(8).toString("hex"));
  await mkdir(folder, { mode: 0o700 });
  const remove = () => rm(folder, { recursive: true, force: true });
  let context: Tree | undefined;
  try {
    context = await openContext(args, folder, signal ?? new AbortController().signal);
    const request = requestOf(args, context);
    const prepared = prepare(readDockerfile(context, args.dockerfile || "Dockerfile"), request);
    const { close } = context;
    return progressOf(async (tell, either) => {
      const show = args.q === true ? () => {} : tell;
      const output = openClassicOutput(prepared.plan, show);
      try {
        const { stage, release } = await carryOut({ room, request, output, folder, signal: either, ...prepared });
        try {
          const image = await makeImage(room, stage, { labels: args.labels ?? {}, tags });
          if (args.q === true) tell({ stream: `${image.id}\n` });
          tell({ aux: { ID: image.id } });
          show({ stream: `Successfully built ${shortId(image.id)}\n` });
          for (const tag of tags) show({ stream: `Successfully tagged ${tag}\n` });
        } finally {
          await release();
        }
      } finally {
        close();
        await remove();
      }
    }, signal);
  } catch (error) {
    context?.close();
    await remove();
    throw error;
  }
}

function requestOf(args: ImageBuildArgs, context: Tree): BuildRequest {
  const { target, auths = {} } = args;
  const given = Object.entries(args.buildargs ?? {}).flatMap(([key, value]) =>
    value === null ? [] : [[key, value] as const],
  );
  return {
    ...(target !== undefined && { target }),
    platform: args.platform === undefined || args.platform === "" ? hostPlatform : parsePlatform(args.platform),
    args: new Map(given),
    noCache: args.nocache === true ? "all" : [],
    pull: args.pull === true,
    cacheFrom: args.cachefrom ?? [],
    hostConfig: hostConfigOf(args),
    entitlements: new Set(),
    sources: {
      dockerfile: async () => readDockerfile(context, args.dockerfile || "Dockerfile"),
      context: async () => withoutIgnored(context, args.dockerfile || "Dockerfile"),
      named: new Map(),
      credentials: async (registry) => auths[registry === "docker.io" ? "https://index.docker.io/v1/" : registry],
      secret: async () => undefined,
      agent: async () => undefined,
    },
  };
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

async function openContext(args: ImageBuildArgs, folder: string, signal: AbortSignal): Promise<Tree> {
  const file = path.join(folder, "context");
  if (args.remote !== undefined && args.remote !== "" && args.remote !== "client-session") {
    return openRemoteContext(args.remote, args.dockerfile ?? "Dockerfile", folder, signal);
  }
  const { stream } = args;
  const chunks = stream instanceof Uint8Array ? once(stream) : stream;
  return receiveTree(decompress(chunks), file);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function readDockerfile(tree: Tree, name: string): Source {
  const text = textIn(tree, name) ?? (name === "Dockerfile" ? textIn(tree, "dockerfile") : undefined);
  if (text === undefined) throw badRequest(`Cannot locate specified Dockerfile: ${name}`);
  return { path: name, text };
}

/** Clients send these two files even where they are to stay at home; COPY does not see them then. */
function withoutIgnored(tree: Tree, dockerfile: string): Tree {
  const ignoreFile = `${dockerfile}.dockerignore`;
  const text = textIn(tree, ignoreFile) ?? textIn(tree, ".dockerignore");
  if (text === undefined) return tree;
  const rules = parseIgnore(text);
  const hidden = [".dockerignore", ignoreFile, dockerfile].filter((name) => rules.ignores(name));
  return hidden.length === 0 ? tree : tree.without(hidden.map(asBytes));
}
