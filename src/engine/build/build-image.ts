/** A build, from its context and arguments to an image under its names. */

import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import type { Source } from "../../errors.ts";
import type { ImageBuildArgs, Progress } from "../api.ts";
import type { Platform, StepRunner } from "../daemon/rooms.ts";
import { parseIgnore } from "../ignore.ts";
import { decompress } from "../images/decompress.ts";
import type { ImagesRoom } from "../images/open-images.ts";
import { hostPlatform, parsePlatform } from "../images/platform.ts";
import { progressOf } from "../images/progress.ts";
import { taggedReference } from "../images/references.ts";
import { badRequest } from "../refusal.ts";
import type { BuildCache } from "./cache.ts";
import type { CacheMounts } from "./cache-mounts.ts";
import { carryOut, type Prepared } from "./carry-out.ts";
import { parseDockerfile } from "./dockerfile/parse.ts";
import { planStages } from "./plan-stages.ts";
import { openRemoteContext } from "./remote-context.ts";
import { receiveTree, type Tree } from "./tree.ts";
import { automaticArguments, type BuildArguments, globalValues } from "./variables.ts";
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
  const platform = args.platform === undefined || args.platform === "" ? hostPlatform : parsePlatform(args.platform);
  const folder = path.join(room.folder, randomBytes(8).toString("hex"));
  await mkdir(folder, { mode: 0o700 });
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const context = await openContext(args, folder, signal ?? new AbortController().signal);
    const prepared = prepare(context, args, platform);
    return progressOf(async (tell, either) => {
      try {
        await carryOut({ room, request: args, tags, platform, folder, tell, signal: either, ...prepared });
      } finally {
        context.close();
        await remove();
      }
    }, signal);
  } catch (error) {
    await remove();
    throw error;
  }
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

function prepare(whole: Tree, args: ImageBuildArgs, platform: Platform): Prepared {
  const name = args.dockerfile || "Dockerfile";
  const dockerfile = parseDockerfile(readDockerfile(whole, name));
  const given = Object.entries(args.buildargs ?? {}).flatMap(([key, value]) =>
    value === null ? [] : [[key, value] as const],
  );
  const buildArgs: BuildArguments = { given: new Map(given), used: new Set() };
  const globals = globalValues(
    dockerfile.args,
    buildArgs,
    automaticArguments(hostPlatform, platform, args.target ?? ""),
    dockerfile.directives.escapeWith,
  );
  return {
    context: withoutIgnored(whole, name),
    dockerfile,
    plan: planStages(dockerfile, args.target, globals),
    args: buildArgs,
    globals,
  };
}

function textOf(tree: Tree, name: string): string | undefined {
  const found = tree.resolve(asBytes(name));
  const node = found === undefined ? undefined : tree.nodes.get(found);
  if (node === undefined || node.entry.type !== "file") return undefined;
  if (node.entry.size > 4 * 1024 * 1024) throw badRequest(`${name} is larger than 4 MiB`);
  return tree.start(node, node.entry.size).toString("utf8");
}

function readDockerfile(tree: Tree, name: string): Source {
  const text = textOf(tree, name) ?? (name === "Dockerfile" ? textOf(tree, "dockerfile") : undefined);
  if (text === undefined) throw badRequest(`Cannot locate specified Dockerfile: ${name}`);
  return { path: name, text };
}

/** Clients send these two files even where they are to stay at home; COPY does not see them then. */
function withoutIgnored(tree: Tree, dockerfile: string): Tree {
  const ignoreFile = `${dockerfile}.dockerignore`;
  const text = textOf(tree, ignoreFile) ?? textOf(tree, ".dockerignore");
  if (text === undefined) return tree;
  const rules = parseIgnore(text);
  const hidden = [".dockerignore", ignoreFile, dockerfile].filter((name) => rules.ignores(name));
  return hidden.length === 0 ? tree : tree.without(hidden.map(asBytes));
}
