/** Builds a Dockerfile for a client of BuildKit's protocol. */

import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { type definition, operation } from "../../buildkit/messages.ts";
import { decode, type Encodable, encode } from "../../buildkit/protobuf.ts";
import { digestOf } from "../../digest.ts";
import { badRequest } from "../../refusal.ts";
import type { BuildRoom } from "../build-image.ts";
import { carryOut } from "../carry-out.ts";
import { prepare } from "../prepare.ts";
import { openRemoteContext } from "../remote-context.ts";
import type { BuildRequest, NamedContext } from "../request.ts";
import type { SentContexts } from "../session/contexts.ts";
import type { Session } from "../session/open-sessions.ts";
import { sessionSources, transfer } from "../session/session-sources.ts";
import { asksForInlineCache } from "./export-cache.ts";
import type { Job, Solved } from "./jobs.ts";
import { lintResult } from "./lint-result.ts";
import { readOptions, withPrefix } from "./options.ts";
import { openTraceOutput, openVertex } from "./trace.ts";

export interface SolveRequest {
  readonly room: BuildRoom;
  readonly session: Session;
  readonly sent: SentContexts;
  readonly job: Job;
  readonly options: ReadonlyMap<string, string>;
  readonly cacheImports: readonly { readonly type: string; readonly attributes: ReadonlyMap<string, string> }[];
  /** The result of another build that a named context is. */
  input(name: string): Solved | undefined;
}

/** EngineError 400 for what is wrong in the request or the Dockerfile; the failure of a step as it is. */
export function solveDockerfile(request: SolveRequest): Promise<Solved> {
  const { room, job, options } = request;
  const { trace, signal } = job;
  return withSources(request, async ({ build, folder }) => {
    const { sources } = build;
    const prepared = prepare(await sources.dockerfile(), build);
    const output = openTraceOutput(trace, prepared.plan, prepared.dockerfile.stages.length);
    const { stage, release } = await carryOut({ room, request: build, output, folder, signal, ...prepared });
    const { credentials } = sources;
    const labels = Object.fromEntries(withPrefix(options, "label:"));
    return { stage, release, labels, credentials, inlineCache: asksForInlineCache(build.args) };
  });
}

/** What could be better in the Dockerfile, or is wrong in it, as metadata of a result. */
export function checkDockerfile(request: SolveRequest): Promise<ReadonlyMap<string, string>> {
  return withSources(request, async ({ build }) => lintResult(await build.sources.dockerfile(), build));
}

interface Opened {
  readonly build: BuildRequest;
  /** For what lasts as long as the build. */
  readonly folder: string;
}

async function withSources<T>(request: SolveRequest, work: (opened: Opened) => Promise<T>): Promise<T> {
  const { room, session, sent, job, options, cacheImports } = request;
  const { trace, signal, entitlements } = job;
  const folder = path.join(room.folder, randomBytes(8).toString("hex"));
  await mkdir(folder, { mode: 0o700 });
  const closers: (() => void)[] = [];
  const shared = {
    session,
    sent,
    signal,
    task: (name: string) => openVertex(trace, name),
    temporary: () => path.join(folder, randomBytes(8).toString("hex")),
  };
  const atEnd = (close: () => void) => void closers.push(close);
  try {
    const named = new Map<string, NamedContext>();
    for (const [key, value] of withPrefix(options, "context:")) {
      const name = key.replace(/::.*$/, "");
      named.set(name, namedContext(name, value, request, shared));
    }
    const sources = sessionSources({ ...shared, options, named, atEnd });
    return await work({ build: readOptions({ options, cacheImports, entitlements, sources }), folder });
  } finally {
    for (const close of closers) close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Source: moby/buildkit, frontend/dockerui/namedcontext.go. */
function namedContext(
  name: string,
  value: string,
  { input, options }: SolveRequest,
  shared: Parameters<typeof transfer>[0],
): NamedContext {
  const [, kind = "", rest = ""] = /^([a-z-]+):(.*)$/s.exec(value) ?? [];
  if (kind === "docker-image")
    return {
      kind: "image",
      reference: rest.replace(/^\/\//, ""),
      // Gantry's own client says so of the images that it has just had built: no registry has them.
      ...(options.has(`local-image:${name}`) && { isHere: true }),
    };
  if (kind === "local") {
    const tree = () => transfer(shared, `load from context ${name}`, { name: rest });
    return { kind: "files", tree };
  }
  if (kind === "input") {
    const stage = input(rest)?.stage;
    if (stage === undefined) throw badRequest(`the context "${name}" is the result of a build that is not here`);
    return { kind: "stage", stage };
  }
  if (kind === "oci-layout")
    throw badRequest(`the context "${name}" is an OCI layout, which this engine does not read`);
  return { kind: "files", tree: () => openRemoteContext(value, "Dockerfile", shared.temporary(), shared.signal) };
}

const scheme = "gantry-result://";

/**
 * A result as the graph of operations that clients hand on: what is in it only this engine understands. The last operation
 * says which of the others is meant.
 */
export function definitionOf(reference: string): Encodable<typeof definition> {
  const source = encode(operation, { source: { identifier: `${scheme}${reference}` } });
  const digest = digestOf(source);
  return { operations: [source, encode(operation, { inputs: [{ digest }] })], metadata: new Map([[digest, {}]]) };
}

/** The reference in what `definitionOf` made. */
export function referenceIn(operations: readonly Buffer[]): string | undefined {
  for (const bytes of operations) {
    const identifier = decode(operation, bytes).source?.identifier ?? "";
    if (identifier.startsWith(scheme)) return identifier.slice(scheme.length);
  }
  return undefined;
}
