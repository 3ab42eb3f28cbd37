/**
 * Builds through an engine's own BuildKit, or what speaks its protocol: this side opens a session, asks the control service
 * for the build, and reads what it tells. Source: moby/buildkit, client/solve.go.
 */

import { randomUUID } from "node:crypto";
import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { BuildError, type BuildOrder, isRemoteContext } from "../build-order.ts";
import { type ErrorDetail, GrpcError } from "../buildkit/grpc.ts";
import { connectGrpc, type GrpcClient } from "../buildkit/grpc-client.ts";
import * as messages from "../buildkit/messages.ts";
import { decode, encode } from "../buildkit/protobuf.ts";
import { unblocked } from "../buildkit/unblocked.ts";
import { credentialsFor } from "../credentials.ts";
import type { BuildMeans } from "./builder.ts";
import { type Frontend, filenameOf, frontendRequest, isNamedSource, localName } from "./frontend-options.ts";
import type { Directory } from "./send-directory.ts";
import { serveSession, sessionHeaders } from "./serve-session.ts";
import { openSshAgents } from "./ssh-agents.ts";
import { newsOf, readTrace } from "./tell-trace.ts";

/** Milliseconds that a failed build has for its last words. */
const patience = 2000;

/** Builds, and gives the image its names. BuildError; the signal's reason. */
export async function buildBySession(order: BuildOrder, frontend: Frontend, means: BuildMeans): Promise<void> {
  const { environment, signal } = means;
  const request = frontendRequest(order, frontend);
  const directories = directoriesOf(order);
  checkSecrets(order);
  const agents = await openSshAgents(order.ssh ?? {}, environment);
  const session = randomUUID();
  const options = signal === undefined ? {} : { signal };
  try {
    await using opened = await openBoth(means, sessionHeaders(session, resolve(order.context)));
    serveSession(opened.session, {
      directories,
      secrets: order.secrets ?? [],
      agents,
      credentials: (host) => credentialsFor(`${host.replace(/^registry-1\.docker\.io$/, "docker.io")}/x`, environment),
    });
    const ref = randomUUID();
    const trace = readTrace(means);
    const told = watch(opened.control, ref, trace.take, options);
    // Its failure is that of the build, which is told.
    told.catch(() => {});
    try {
      const { exporterResponse } = await opened.control.ask(
        "/moby.buildkit.v1.Control/Solve",
        { request: messages.solveRequest, response: messages.solveResponse },
        {
          ref,
          session,
          frontend: "dockerfile.v0",
          frontendAttributes: request.options,
          cache: { imports: request.cacheImports, exports: request.cacheExports },
          entitlements: request.entitlements,
          // The older form of it, which every BuildKit knows.
          ...(order.check !== true && {
            exporterType: "moby",
            exporterAttributes: new Map([["name", order.tags.join(",")]]),
          }),
        },
        options,
      );
      await told;
      if (order.check === true) tellFindings(order, exporterResponse.get("result.txt") ?? "", means);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      // What was told last says what went wrong; of a build that was refused nothing is told.
      await Promise.race([told.catch(() => {}), setTimeout(patience, undefined, { ref: false })]);
      throw failureOf(error, order, trace.failure());
    }
  } finally {
    agents.close();
  }
}

/** BuildError where a check has found something. */
function tellFindings({ dockerfile, name }: BuildOrder, text: string, { progress }: BuildMeans): void {
  const output = text.split("\n").filter((line) => line !== "");
  if (output.length === 0) {
    progress({ text: "Check complete, no warnings found." });
    return;
  }
  const what = output.length === 1 ? "1 thing" : `${output.length} things`;
  throw new BuildError(`${dockerfile ?? `the Dockerfile of "${name}"`}: ${what} to mend`, { output });
}

async function openBoth({ engine, signal }: BuildMeans, headers: ReturnType<typeof sessionHeaders>) {
  const options = signal === undefined ? {} : { signal };
  const session = unblocked(await engine.tunnel("/session", headers, options));
  const control = connectGrpc(await engine.tunnel("/grpc", {}, options));
  return {
    session,
    control,
    [Symbol.asyncDispose]: async () => {
      control.close();
      session.destroy();
    },
  };
}

async function watch(
  control: GrpcClient,
  ref: string,
  take: (news: ReturnType<typeof newsOf>) => void,
  options: { readonly signal?: AbortSignal },
): Promise<void> {
  const stream = control.open("/moby.buildkit.v1.Control/Status", options);
  await stream.send(encode(messages.statusRequest, { ref }));
  stream.end();
  for await (const message of stream.messages) take(newsOf(decode(messages.statusResponse, message)));
}

/** BuildError for a directory that is not there. */
function directoriesOf(order: BuildOrder): ReadonlyMap<string, Directory> {
  const { context, dockerfile, dockerfileInline, contexts = {} } = order;
  const directories = new Map<string, Directory>();
  if (!isRemoteContext(context)) {
    directories.set("context", { path: directoryAt(context, "the build context", "context") });
    if (dockerfile !== undefined) {
      if (statSync(dockerfile, { throwIfNoEntry: false })?.isFile() !== true)
        throw new BuildError(`there is no Dockerfile at ${dockerfile}`, { attribute: "dockerfile" });
      directories.set("dockerfile", { path: dirname(dockerfile) });
    }
  }
  if (dockerfileInline !== undefined)
    directories.set("dockerfile", { files: new Map([[filenameOf(order), dockerfileInline]]) });
  for (const [name, place] of Object.entries(contexts)) {
    if (isNamedSource(place)) continue;
    directories.set(localName(name), { path: directoryAt(place, `the context "${name}"`, "additional_contexts") });
  }
  return directories;
}

function directoryAt(path: string, what: string, attribute: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new BuildError(`${what} ${path} is not a directory`, { attribute });
  return path;
}

function checkSecrets({ secrets = [] }: BuildOrder): void {
  for (const { id, file } of secrets) {
    if (file === undefined || statSync(file, { throwIfNoEntry: false })?.isFile() === true) continue;
    throw new BuildError(`the secret "${id}" is not there: there is no file ${file}`, { attribute: "secrets" });
  }
}

function failureOf(
  error: unknown,
  { dockerfile, name }: BuildOrder,
  failure: { readonly step: string; readonly output: readonly string[] } | undefined,
): unknown {
  if (!(error instanceof GrpcError)) return error;
  const source = error.details.map(sourceOf).find((found) => found !== undefined);
  const place = source === undefined ? "" : `${dockerfile ?? `Dockerfile of "${name}"`}:${source.line}: `;
  const message = error.message.replace(/^failed to solve: /, "").replace(/^dockerfile parse error on line \d+: /, "");
  // Where the message names the place itself, it is not said twice.
  const text = source === undefined ? message : message.replace(/^[^\s:]+:\d+: /, "");
  return new BuildError(`${place}${text}`, { output: failure?.output ?? [], cause: error });
}

/** The place that a failure is about. Source: moby/buildkit, solver/errdefs/source.go; it is written as JSON. */
function sourceOf({ typeUrl, value }: ErrorDetail): { readonly line: number } | undefined {
  if (!typeUrl.includes("errdefs.Source")) return undefined;
  try {
    const { ranges } = JSON.parse(Buffer.from(value).toString("utf8"));
    const line: unknown = ranges?.[0]?.start?.line;
    return typeof line === "number" ? { line } : undefined;
  } catch {
    return undefined;
  }
}
