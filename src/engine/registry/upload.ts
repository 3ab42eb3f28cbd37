/** Sending content to a registry. Source: OCI distribution-spec, "Pushing blobs". */

import { createHash } from "node:crypto";
import { EngineError } from "../../errors.ts";
import { gather } from "../gather.ts";
import { internal } from "../refusal.ts";
import { pushFailure, readFailure } from "./failure.ts";
import type { Registry } from "./open-registry.ts";
import { pauseBefore } from "./patiently.ts";
import type { Scope } from "./scope.ts";

export interface Content {
  /** Absent: found while it is sent. */
  readonly digest?: string;
  /** Absent: it is sent in one piece of unknown length. */
  readonly size?: number;
  /** Its bytes, made anew for every try; those after `from` bytes where digest and size are known. */
  read(from: number): Uint8Array | AsyncIterable<Uint8Array>;
}

export interface Upload {
  readonly how: "exists" | "mounted" | "sent";
  readonly digest: string;
  readonly size: number;
  /** The repository that it was taken over from. */
  readonly from?: string;
}

const mostTries = 4;
/** Of what is sent piece by piece, in bytes. */
const chunkLength = 16 * 1024 * 1024;
const octets = { "Content-Type": "application/octet-stream" };

/** `others`: repositories of the registry that may have it. EngineError 401, 403, 500. */
export async function upload(
  registry: Registry,
  repository: string,
  content: Content,
  others: readonly string[] = [],
): Promise<Upload> {
  const { digest } = content;
  const scope: Scope = { repository, actions: ["pull", "push"] };
  if (digest !== undefined) {
    const head = await registry.request({ method: "HEAD", path: `/v2/${repository}/blobs/${digest}`, scope });
    head.discard();
    if (head.status === 200) {
      return { how: "exists", digest, size: content.size ?? Number(head.header("content-length") ?? 0) };
    }
  }
  let session: Session | undefined;
  for (const from of digest === undefined ? [] : others) {
    const mount = new URLSearchParams({ mount: digest ?? "", from });
    const started = await begin(registry, repository, { ...scope, from }, `?${mount}`);
    if (started === "mounted")
      return {
        how: "mounted",
        digest: digest ?? "",
        size: content.size ?? (await sizeThere(registry, scope, digest ?? "")),
        from,
      };
    // Not taken over: an upload was begun instead, which the next offer leaves to the registry to forget.
    session = started;
  }
  for (let tries = 1; ; tries++) {
    try {
      session ??= await beginUpload(registry, repository, scope);
      return await send(registry, scope, session, content);
    } catch (error) {
      const refused = error instanceof EngineError && error.status !== undefined && error.status < 500;
      if (refused || tries === mostTries || isAbort(error)) throw error;
      await pauseBefore(tries, registry.patience);
      session = session && content.size !== undefined ? await resumed(registry, scope, session) : undefined;
    }
  }
}

const isAbort = (error: unknown) => error instanceof Error && error.name === "AbortError";

/** An upload that was begun. */
interface Session {
  /** Where it goes on; absolute, for the registry may have put it on another host. */
  readonly location: string;
  /** How many bytes the registry has. */
  readonly received: number;
  /** The registry takes no smaller pieces than this, in bytes, but for the last one. */
  readonly smallest: number;
}

async function begin(
  registry: Registry,
  repository: string,
  scope: Scope,
  query: string,
): Promise<"mounted" | Session> {
  const path = `/v2/${repository}/blobs/uploads/${query}`;
  const response = await registry.request({ method: "POST", path, scope, headers: { "Content-Length": "0" } });
  if (response.status === 201) {
    response.discard();
    return "mounted";
  }
  await expectStatus(response, 202, repository);
  const smallest = Number(response.header("oci-chunk-min-length") ?? 0) || 0;
  return { location: locationOf(response, repository), received: 0, smallest };
}

async function beginUpload(registry: Registry, repository: string, scope: Scope): Promise<Session> {
  const begun = await begin(registry, repository, scope, "");
  if (begun !== "mounted") return begun;
  throw internal(`the registry says that it has a layer of ${repository} which it was not told of`);
}

/** How far an upload came that broke off; undefined where the registry does not know it any more. */
async function resumed(registry: Registry, scope: Scope, session: Session): Promise<Session | undefined> {
  const response = await registry.request({ method: "GET", path: session.location, scope });
  response.discard();
  const last = /^(?:bytes=)?0-([0-9]+)$/.exec(response.header("range") ?? "")?.[1];
  if (response.status !== 204 || last === undefined) return undefined;
  return { ...session, location: locationOf(response, scope.repository), received: Number(last) + 1 };
}

async function sizeThere(registry: Registry, scope: Scope, digest: string): Promise<number> {
  const head = await registry.request({ method: "HEAD", path: `/v2/${scope.repository}/blobs/${digest}`, scope });
  head.discard();
  return Number(head.header("content-length") ?? 0);
}

async function send(registry: Registry, scope: Scope, session: Session, content: Content): Promise<Upload> {
  const { digest, size } = content;
  const { location, received } = session;
  const isKnown = digest !== undefined && size !== undefined;
  if (isKnown && received > 0) return sendChunks(registry, scope, session, content);
  const { body, end } = counted(content);
  const response = await registry.request({
    ...(isKnown ? { method: "PUT", path: withDigest(location, digest) } : { method: "PATCH", path: location }),
    headers: { ...octets, ...(isKnown && { "Content-Length": String(size) }) },
    body: isKnown ? () => content.read(0) : body,
    scope,
    once: true,
  });
  if (response.status === 413) {
    // Somebody on the way takes no more than so much at once.
    response.discard();
    return sendChunks(registry, scope, session, content);
  }
  await expectStatus(response, isKnown ? 201 : 202, scope.repository);
  if (isKnown) return { how: "sent", digest, size };
  return close(registry, scope, locationOf(response, scope.repository), end());
}

/** Piece by piece, from where the registry has it. */
async function sendChunks(registry: Registry, scope: Scope, session: Session, content: Content): Promise<Upload> {
  const { body, end } = counted(content, session.received);
  let { location, received } = session;
  for await (const piece of gather(body(), Math.max(chunkLength, session.smallest))) {
    const range = `${received}-${received + piece.length - 1}`;
    const headers = { ...octets, "Content-Length": String(piece.length), "Content-Range": range };
    const patch = { method: "PATCH", path: location, headers, body: () => piece, scope, once: true } as const;
    const response = await registry.request(patch);
    await expectStatus(response, 202, scope.repository);
    location = locationOf(response, scope.repository);
    received += piece.length;
  }
  const { digest, size } = content;
  return close(registry, scope, location, digest === undefined || size === undefined ? end() : { digest, size });
}

/** The registry checks the digest of all that it got. */
async function close(
  registry: Registry,
  scope: Scope,
  location: string,
  sent: { readonly digest: string; readonly size: number },
): Promise<Upload> {
  const path = withDigest(location, sent.digest);
  const request = { method: "PUT", path, headers: { "Content-Length": "0" }, scope, once: true } as const;
  await expectStatus(await registry.request(request), 201, scope.repository);
  return { how: "sent", ...sent };
}

function counted(content: Content, from = 0) {
  let hash = createHash("sha256");
  let size = 0;
  return {
    body: async function* () {
      hash = createHash("sha256");
      size = 0;
      const bytes = content.read(from);
      for await (const chunk of bytes instanceof Uint8Array ? [bytes] : bytes) {
        hash.update(chunk);
        size += chunk.length;
        yield chunk;
      }
    },
    end: () => ({ digest: `sha256:${hash.digest("hex")}`, size }),
  };
}

async function expectStatus(
  response: Awaited<ReturnType<Registry["request"]>>,
  status: number,
  repository: string,
): Promise<void> {
  if (response.status !== status) throw pushFailure(await readFailure(response), repository);
  response.discard();
}

function locationOf(response: Awaited<ReturnType<Registry["request"]>>, repository: string): string {
  const location = response.header("location");
  if (location === undefined) throw internal(`the registry does not say where to send a layer of ${repository}`);
  return new URL(location, response.url).href;
}

function withDigest(location: string, digest: string): string {
  const url = new URL(location);
  url.searchParams.set("digest", digest);
  return url.href;
}
