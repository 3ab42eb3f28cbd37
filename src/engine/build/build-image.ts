/** A build, from its context and arguments to an image under its names. */

import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import type { Source } from "../../errors.ts";
import type { HostConfig, ImageBuildArgs, Progress } from "../api.ts";
import { statusResponse } from "../buildkit/messages.ts";
import { encode } from "../buildkit/protobuf.ts";
import type { StepRunner } from "../daemon/rooms.ts";
import { shortId } from "../digest.ts";
import { parseIgnore } from "../ignore.ts";
import { decompress } from "../images/decompress.ts";
import { hostPlatform, parsePlatform } from "../images/platform.ts";
import { progressOf } from "../images/progress.ts";
import { taggedReference } from "../images/references.ts";
import type { ImagesRoom } from "../images/room.ts";
import { badRequest } from "../refusal.ts";
import type { BuildCache } from "./cache.ts";
import type { CacheMounts } from "./cache-mounts.ts";
import { carryOut } from "./carry-out.ts";
import { openClassicOutput } from "./classic-output.ts";
import { asksForInlineCache } from "./control/export-cache.ts";
import { openTraceOutput, openVertex, type Trace } from "./control/trace.ts";
import type { Copies } from "./copies.ts";
import { makeImage } from "./make-image.ts";
import { silent } from "./output.ts";
import { prepare } from "./prepare.ts";
import { openRemoteContext } from "./remote-context.ts";
import type { BuildRequest, BuildSources } from "./request.ts";
import type { SentContexts } from "./session/contexts.ts";
import type { Sessions } from "./session/open-sessions.ts";
import { type SessionContext, sessionSources } from "./session/session-sources.ts";
import { receiveTree, type Tree, textIn } from "./tree.ts";
import { asBytes } from "./view.ts";

export interface BuildRoom {
  readonly images: ImagesRoom;
  readonly cache: BuildCache;
  readonly cacheMounts: CacheMounts;
  readonly copies: Copies;
  readonly runner: StepRunner;
  /** Where builds have their directories, while they last. */
  readonly folder: string;
}

/** What builds ask of the sessions of their clients. */
export interface SessionRoom {
  readonly sessions: Pick<Sessions, "find">;
  readonly sent: SentContexts;
}

/**
 * What cannot be built at all is refused before the answer begins: EngineError 400. Not so where the client's session gives
 * the context: that is read when the answer has begun.
 */
export async function buildImage(
  room: BuildRoom,
  rooms: SessionRoom,
  args: ImageBuildArgs,
  signal: AbortSignal = new AbortController().signal,
): Promise<AsyncIterable<Progress>> {
  const tags = (args.t ?? []).map((name) => taggedReference(name, undefined));
  const folder = path.join(room.folder, randomBytes(8).toString("hex"));
  await mkdir(folder, { mode: 0o700 });
  const closers: (() => void)[] = [];
  const clean = async () => {
    for (const close of closers) close();
    await rm(folder, { recursive: true, force: true });
  };
  const plan = async (trace: Trace | undefined) => {
    const sources = await sourcesOf(args, rooms, {
      signal,
      task: (name) => (trace === undefined ? silent : openVertex(trace, name)),
      temporary: () => path.join(folder, randomBytes(8).toString("hex")),
      atEnd: (close) => void closers.push(close),
    });
    const request = requestOf(args, sources);
    return { request, ...prepare(await sources.dockerfile(), request) };
  };
  try {
    const planned = args.remote === fromSession ? undefined : await plan(undefined);
    return progressOf(async (tell, either) => {
      const show = args.q === true ? () => {} : tell;
      const trace = args.version === "2" ? traceAsLines(show) : undefined;
      try {
        const work = planned ?? (await plan(trace));
        const { dockerfile } = work;
        const output =
          trace === undefined
            ? openClassicOutput(work.plan, show)
            : openTraceOutput(trace, work.plan, dockerfile.stages.length);
        const { stage, release } = await carryOut({ room, output, folder, signal: either, ...work });
        try {
          const image = await makeImage(room, stage, {
            labels: args.labels ?? {},
            tags,
            inlineCache: asksForInlineCache(work.request.args),
          });
          if (args.q === true) tell({ stream: `${image.id}\n` });
          tell({ ...(trace !== undefined && { id: "moby.image.id" }), aux: { ID: image.id } });
          if (trace === undefined) {
            show({ stream: `Successfully built ${shortId(image.id)}\n` });
            for (const tag of tags) show({ stream: `Successfully tagged ${tag}\n` });
          }
        } finally {
          await release();
        }
      } finally {
        await clean();
      }
    }, signal);
  } catch (error) {
    await clean();
    throw error;
  }
}

/** What `remote` says where the client's session gives the context. */
const fromSession = "client-session";

/** Source: moby, daemon/internal/builder-next/builder.go: the lines of version 2. */
function traceAsLines(tell: (line: Progress) => void): Trace {
  return {
    tell: (status) => tell({ id: "moby.buildkit.trace", aux: encode(statusResponse, status).toString("base64") }),
    end: () => {},
    read: async function* () {},
  };
}

async function sourcesOf(
  args: ImageBuildArgs,
  { sessions, sent }: SessionRoom,
  context: Pick<SessionContext, "signal" | "task" | "temporary" | "atEnd">,
): Promise<BuildSources> {
  const { auths = {}, dockerfile } = args;
  const name = dockerfile || "Dockerfile";
  const options = new Map([["filename", name]]);
  const given = args.session === undefined ? undefined : await sessions.find(args.session, context.signal);
  const bySession =
    given === undefined ? undefined : sessionSources({ ...context, session: given, sent, options, named: new Map() });
  if (args.remote === fromSession) {
    if (bySession === undefined) throw badRequest("a context from the client's session needs a session");
    return bySession;
  }
  const tree = await openContext(args, context.temporary(), context.signal);
  context.atEnd(tree.close);
  return {
    dockerfile: async () => readDockerfile(tree, name),
    context: async () => withoutIgnored(tree, name),
    named: new Map(),
    credentials: async (registry) =>
      auths[registry === "docker.io" ? "https://index.docker.io/v1/" : registry] ?? bySession?.credentials(registry),
    secret: async (id) => bySession?.secret(id),
    agent: async (id) => bySession?.agent(id),
  };
}

function requestOf(args: ImageBuildArgs, sources: BuildSources): BuildRequest {
  const { target } = args;
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
    sources,
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

/** `place`: a new path. */
async function openContext(args: ImageBuildArgs, place: string, signal: AbortSignal): Promise<Tree> {
  if (args.remote !== undefined && args.remote !== "") {
    return openRemoteContext(args.remote, args.dockerfile ?? "Dockerfile", place, signal);
  }
  const { stream } = args;
  const chunks = stream instanceof Uint8Array ? once(stream) : stream;
  return receiveTree(decompress(chunks), place);
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
