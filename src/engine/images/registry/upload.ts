/** Sending content to a registry. Source: OCI distribution-spec, "Pushing blobs". */

import { createHash } from "node:crypto";
import { EngineError } from "../../../errors.ts";
import { internal } from "../../refusal.ts";
import { pushFailure, readFailure } from "./failure.ts";
import type { Registry } from "./open-registry.ts";
import type { Scope } from "./scope.ts";

export interface Content {
  /** Absent: found while it is sent. */
  readonly digest?: string;
  /** Absent: it is sent in one chunk of unknown length. */
  readonly size?: number;
  /** Its bytes, made anew for every try. */
  read(): Uint8Array | AsyncIterable<Uint8Array>;
}

export interface Upload {
  readonly how: "exists" | "mounted" | "sent";
  readonly digest: string;
  readonly size: number;
  /** The repository that it was taken over from. */
  readonly from?: string;
}

const mostTries = 3;

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
  let location: string | undefined;
  for (const from of digest === undefined ? [] : others) {
    const mount = new URLSearchParams({ mount: digest ?? "", from });
    const started = await begin(registry, repository, { ...scope, from }, `?${mount}`);
    if (started.mounted)
      return {
        how: "mounted",
        digest: digest ?? "",
        size: content.size ?? (await sizeThere(registry, scope, digest ?? "")),
        from,
      };
    // Not taken over: an upload was begun instead, which the next offer leaves to the registry to forget.
    location = started.location;
  }
  for (let tries = 1; ; tries++) {
    try {
      location ??= await beginUpload(registry, repository, scope);
      return await send(registry, scope, location, content);
    } catch (error) {
      const refused = error instanceof EngineError && error.status !== undefined && error.status < 500;
      if (refused || tries === mostTries || isAbort(error)) throw error;
      location = undefined;
    }
  }
}

const isAbort = (error: unknown) => error instanceof Error && error.name === "AbortError";

async function begin(
  registry: Registry,
  repository: string,
  scope: Scope,
  query: string,
): Promise<{ readonly mounted: true } | { readonly mounted: false; readonly location: string }> {
  const path = `/v2/${repository}/blobs/uploads/${query}`;
  const response = await registry.request({ method: "POST", path, scope, headers: { "Content-Length": "0" } });
  if (response.status === 201) {
    response.discard();
    return { mounted: true };
  }
  if (response.status !== 202) throw pushFailure(response.status, await readFailure(response), repository);
  response.discard();
  return { mounted: false, location: locationOf(response, repository) };
}

async function beginUpload(registry: Registry, repository: string, scope: Scope): Promise<string> {
  const begun = await begin(registry, repository, scope, "");
  if (begun.mounted) throw internal(`the registry says that it has a layer of ${repository} which it was not told of`);
  return begun.location;
}

async function sizeThere(registry: Registry, scope: Scope, digest: string): Promise<number> {
  const head = await registry.request({ method: "HEAD", path: `/v2/${scope.repository}/blobs/${digest}`, scope });
  head.discard();
  return Number(head.header("content-length") ?? 0);
}

async function send(registry: Registry, scope: Scope, location: string, content: Content): Promise<Upload> {
  const { digest, size } = content;
  const octets = { "Content-Type": "application/octet-stream" };
  if (digest !== undefined && size !== undefined) {
    const response = await registry.request({
      method: "PUT",
      path: withDigest(location, digest),
      headers: { ...octets, "Content-Length": String(size) },
      body: () => content.read(),
      scope,
      once: true,
    });
    await expectStatus(response, 201, scope.repository);
    return { how: "sent", digest, size };
  }
  const { body, end } = counted(content);
  const patched = await registry.request({ method: "PATCH", path: location, headers: octets, body, scope, once: true });
  await expectStatus(patched, 202, scope.repository);
  const sent = end();
  const closed = await registry.request({
    method: "PUT",
    path: withDigest(locationOf(patched, scope.repository), sent.digest),
    headers: { "Content-Length": "0" },
    scope,
    once: true,
  });
  await expectStatus(closed, 201, scope.repository);
  return { how: "sent", ...sent };
}

function counted(content: Content) {
  let hash = createHash("sha256");
  let size = 0;
  return {
    body: async function* () {
      hash = createHash("sha256");
      size = 0;
      const bytes = content.read();
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
  if (response.status !== status) throw pushFailure(response.status, await readFailure(response), repository);
  response.discard();
}

/** Where the upload goes on; absolute, for the registry may have put it on another host. */
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
