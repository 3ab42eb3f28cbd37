/**
 * BuildKit's control service and the bridge to its frontend, as far as `docker buildx` speaks them on docker's own driver:
 * one frontend, that of Dockerfiles, and one exporter, the images of this engine.
 * Source: moby/buildkit, control/control.go and control/gateway/gateway.go.
 */

import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { type ErrorDetail, GrpcError, grpcStatus } from "../../buildkit/grpc.ts";
import { answers, type GrpcCall, type GrpcMethod, serveGrpc, unary } from "../../buildkit/grpc-server.ts";
import * as messages from "../../buildkit/messages.ts";
import { hostPlatform } from "../../images/platform.ts";
import { taggedReference } from "../../images/references.ts";
import type { BuildRoom } from "../build-image.ts";
import { DockerfileError } from "../dockerfile/complain.ts";
import { imageConfigOf, makeImage } from "../make-image.ts";
import { StepFailure } from "../run-step.ts";
import type { SentContexts } from "../session/contexts.ts";
import type { Sessions } from "../session/open-sessions.ts";
import { type CacheExport, exportCaches, refuseStrangeCaches } from "./export-cache.ts";
import { exportFiles, type FilesType } from "./export-files.ts";
import { type Job, openJobs } from "./jobs.ts";
import { lintRequest, locationOf } from "./lint-result.ts";
import { checkDockerfile, definitionOf, referenceIn, solveDockerfile } from "./solve.ts";
import { failureText, openVertex, timeOf } from "./trace.ts";

export interface ControlRoom {
  readonly room: BuildRoom;
  readonly sessions: Sessions;
  readonly sent: SentContexts;
}

/** Answers on a connection. */
export type Control = (connection: Duplex) => void;

/** What a frontend is asked for. */
interface FrontendCall {
  readonly frontend: string;
  readonly options: ReadonlyMap<string, string>;
  readonly cacheImports: readonly { readonly type: string; readonly attributes: ReadonlyMap<string, string> }[];
  readonly inputs: ReadonlyMap<string, { readonly operations: readonly Buffer[] }>;
}

export function openControl({ room, sessions, sent }: ControlRoom): Control {
  const jobs = openJobs();

  const requestOf = async (job: Job, { frontend, options, cacheImports, inputs }: FrontendCall) => {
    // A syntax image would be the same language: this engine has it built in.
    if (frontend !== "dockerfile.v0" && frontend !== "gateway.v0")
      throw unsupported(`the frontend "${frontend}": this engine builds Dockerfiles`);
    const session = await sessions.find(job.session, job.signal);
    const input = (name: string) => {
      const reference = referenceIn(inputs.get(name)?.operations ?? []);
      return reference === undefined ? undefined : jobs.solved(reference);
    };
    return { room, session, sent, job, options, cacheImports, input };
  };

  /** A Dockerfile built: what its result is called; or looked at: what is said of it. */
  const solveOne = async (job: Job, call: FrontendCall): Promise<string | ReadonlyMap<string, string>> => {
    const asked = call.options.get("requestid") ?? "";
    if (asked !== "" && asked !== lintRequest) throw unsupported(`the request ${asked}`);
    const request = await requestOf(job, call);
    if (asked === lintRequest) return checkDockerfile(request);
    const reference = randomBytes(16).toString("hex");
    job.solved.set(reference, await solveDockerfile(request));
    return reference;
  };

  const resultOf = (reference: string) => {
    const result = jobs.solved(reference);
    if (result === undefined) throw new GrpcError(grpcStatus.notFound, `there is no result "${reference}"`);
    return result;
  };

  const exportImage = async (
    job: Job,
    reference: string,
    names: string,
    caches: readonly CacheExport[],
  ): Promise<string> => {
    const result = resultOf(reference);
    const tags = names === "" ? [] : names.split(",").map((name) => taggedReference(name, undefined));
    const vertex = openVertex(job.trace, "exporting to image");
    try {
      const { labels, credentials } = result;
      const inlineCache = result.inlineCache || caches.length > 0;
      const image = await makeImage(room, result.stage, { labels, tags, inlineCache });
      const { id } = image;
      vertex.progress({ id: `writing image ${id}`, status: "done" });
      for (const tag of tags) vertex.progress({ id: `naming to ${tag}`, status: "done" });
      await exportCaches(room.images, image, caches, { signal: job.signal, credentials });
      vertex.done(id);
      return id;
    } catch (error) {
      vertex.failed(error);
      throw error;
    }
  };

  const exportResult = async (job: Job, reference: string, type: FilesType): Promise<void> => {
    const { diffIds } = resultOf(reference).stage;
    const session = await sessions.find(job.session, job.signal);
    const vertex = openVertex(job.trace, type === "tar" ? "sending tarball" : "exporting to client directory");
    try {
      await exportFiles(room, { session, diffIds, signal: job.signal }, type);
      vertex.done("");
    } catch (error) {
      vertex.failed(error);
      throw error;
    }
  };

  const solve = async (request: messages.SolveRequest, { signal }: GrpcCall) => {
    const { ref, session, entitlements, frontend, frontendAttributes, cache } = request;
    const old =
      request.exporterType === "" ? [] : [{ type: request.exporterType, attributes: request.exporterAttributes }];
    const exporters = [...request.exporters, ...old];
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    promise.catch(() => {});
    const giveUp = () => reject(signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    const finish = (result: string | Error) => (result instanceof Error ? reject(result) : resolve(result));
    const job = jobs.open({ ref, session, entitlements, signal, finish });
    try {
      refuseStrangers(exporters);
      refuseStrangeCaches(cache?.exports ?? []);
      // Without a frontend the client leads the build, through the bridge.
      if (frontend !== "") {
        const call = { frontend, options: frontendAttributes, cacheImports: cache?.imports ?? [], inputs: new Map() };
        const solved = await solveOne(job, call);
        if (typeof solved !== "string") return { exporterResponse: solved };
        finish(solved);
      }
      const reference = await promise;
      const [exporter] = exporters;
      if (exporter === undefined || reference === "") return { exporterResponse: new Map<string, string>() };
      if (exporter.type === "local" || exporter.type === "tar") {
        await exportResult(job, reference, exporter.type);
        return { exporterResponse: new Map<string, string>() };
      }
      const names = exporter.attributes.get("name") ?? "";
      const id = await exportImage(job, reference, names, cache?.exports ?? []);
      const response = new Map([
        ["containerimage.config.digest", id],
        ["containerimage.digest", id],
      ]);
      if (names !== "") response.set("image.name", names);
      return { exporterResponse: response };
    } finally {
      signal.removeEventListener("abort", giveUp);
      await jobs.close(job);
    }
  };

  const worker = {
    id: "gantry",
    labels: new Map([["org.mobyproject.buildkit.worker.executor", "gantry"]]),
    platforms: [{ architecture: hostPlatform.architecture, os: hostPlatform.os, variant: hostPlatform.variant }],
  };
  // Which BuildKit this is like: clients look at it before they use what is new.
  const version = { package: "github.com/moby/buildkit", version: "v0.25.1", revision: "" };
  const capabilities = (ids: readonly string[]) => ids.map((id) => ({ id, enabled: true }));
  const usage = () =>
    room.cache.entries().map((entry) => ({
      id: entry.ID,
      inUse: entry.InUse,
      size: entry.Size,
      createdAt: timeOf(Date.parse(entry.CreatedAt)),
      lastUsedAt: timeOf(Date.parse(entry.LastUsedAt ?? entry.CreatedAt)),
      usageCount: entry.UsageCount,
      description: entry.Description,
      recordType: entry.Type,
      shared: entry.Shared,
    }));

  const control = {
    Solve: unary(messages.solveRequest, messages.solveResponse, (request, call) => told(solve(request, call))),
    Status: answers(messages.statusRequest, messages.statusResponse, ({ ref }, { signal }) =>
      jobs.trace(ref).read(signal),
    ),
    ListWorkers: unary(messages.empty, messages.listWorkersResponse, () => ({ records: [{ ...worker, version }] })),
    Info: unary(messages.empty, messages.infoResponse, () => ({ version })),
    DiskUsage: unary(messages.diskUsageRequest, messages.diskUsageResponse, () => ({ records: usage() })),
    Prune: answers(messages.pruneRequest, messages.usageRecord, async function* ({ all, keepDuration, ...request }) {
      const others = request.filters.filter((filter) => filter !== "");
      if (others.length > 0) throw unsupported(`the filter ${others.join(", ")} of the build cache`);
      const before = usage();
      const keep = request.reservedSpace === 0 ? undefined : request.reservedSpace;
      const filters = keepDuration === 0n ? {} : { until: [`${keepDuration}ns`] };
      const { CachesDeleted } = await room.cache.prune({ all, filters, keep });
      yield* before.filter(({ id }) => CachesDeleted?.includes(id) === true);
    }),
  };

  const bridge = {
    Ping: unary(messages.empty, messages.pongResponse, () => ({
      frontendCapabilities: capabilities(frontendCapabilities),
      operationCapabilities: capabilities(operationCapabilities),
      workers: [worker],
    })),
    Solve: unary(messages.bridgeSolveRequest, messages.bridgeSolveResponse, async (request, call) => {
      const { frontend, frontendOptions: options, cacheImports, frontendInputs: inputs } = request;
      const job = await jobs.of(call);
      const id = await told(solveOne(job, { frontend, options, cacheImports, inputs }));
      if (typeof id !== "string") {
        return { result: { metadata: new Map([...id].map(([name, text]) => [name, Buffer.from(text)])) } };
      }
      const solved = job.solved.get(id);
      const config = solved === undefined ? "" : imageConfigOf(solved.stage, solved.labels);
      return {
        result: {
          reference: { id, definition: definitionOf(id) },
          metadata: new Map([["containerimage.config", Buffer.from(config)]]),
        },
      };
    }),
    Return: unary(messages.returnRequest, messages.empty, async ({ result, error }, call) => {
      const job = await jobs.of(call);
      if (error !== undefined) job.finish(new GrpcError(error.code, error.message, { details: error.details }));
      else job.finish(result?.reference?.id ?? "");
      return {};
    }),
    Evaluate: unary(messages.empty, messages.empty, () => ({})),
    ResolveImageConfig: unary(messages.resolveImageRequest, messages.resolveImageResponse, ({ reference }) => {
      const image = room.images.catalog.find(reference);
      return { digest: image.id, config: Buffer.from(image.text), reference };
    }),
  };

  const methods = new Map<string, GrpcMethod>([
    ...Object.entries(control).map(([name, method]) => [`/moby.buildkit.v1.Control/${name}`, method] as const),
    ...Object.entries(bridge).map(
      ([name, method]) => [`/moby.buildkit.v1.frontend.LLBBridge/${name}`, method] as const,
    ),
    // Clients send how long things took to whoever has them do it; nobody reads it here.
    ["/opentelemetry.proto.collector.trace.v1.TraceService/Export", unary(messages.empty, messages.empty, () => ({}))],
  ]);
  return (connection) => void serveGrpc(connection, methods);
}

/** Throws GrpcError for what becomes of a build elsewhere. */
function refuseStrangers(exporters: readonly { readonly type: string }[]): void {
  const strange = exporters.find(({ type }) => !["moby", "image", "local", "tar"].includes(type));
  if (strange !== undefined) throw unsupported(`the output type=${strange.type}: builds become images of this engine`);
}

const unsupported = (what: string) => new GrpcError(grpcStatus.unimplemented, `this engine does not support ${what}`);

/** The place in the Dockerfile, which clients show. Source: moby/buildkit, solver/errdefs/source.go; it is written as JSON. */
function detailsOf(error: unknown): readonly ErrorDetail[] {
  if (!(error instanceof StepFailure || error instanceof DockerfileError)) return [];
  const { source } = error.span;
  const value = {
    info: { filename: source.path, data: Buffer.from(source.text).toString("base64"), language: "Dockerfile" },
    ...locationOf(error.span),
  };
  return [{ typeUrl: "github.com/moby/buildkit/errdefs.Source+json", value: Buffer.from(JSON.stringify(value)) }];
}

/** Clients write other codes than this before the message, which is meant for users as it is. */
async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof GrpcError) throw error;
    throw new GrpcError(grpcStatus.unknown, failureText(error), { cause: error, details: detailsOf(error) });
  }
}

/** Source: moby/buildkit, frontend/gateway/pb/caps.go. */
const frontendCapabilities = [
  "solve.base",
  "solve.inlinereturn",
  "resolveimage",
  "return",
  "returnmap",
  "importcaches",
  "proto.refarray",
  "reference.output",
  "frontend.inputs",
  "gateway.evaluate",
  "gateway.solve.evaluate",
  "gateway.warnings",
];

/** What definitions may hold that clients hand on. Source: moby/buildkit, solver/pb/caps.go. */
const operationCapabilities = [
  "source.image",
  "source.local",
  "exec.meta.base",
  "file.base",
  "constraints",
  "meta.description",
];
