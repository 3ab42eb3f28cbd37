/** A small registry client: manifests and small blobs, for artifacts and digests. Images are pulled by the engine. */

import { createHash } from "node:crypto";
import { EngineError } from "../errors.ts";
import type { RegistryAuth } from "./api.ts";

export interface Registry {
  /** A manifest by tag or digest, and its digest, which the bytes were checked against. */
  manifest(repository: string, reference: string): Promise<{ readonly digest: string; readonly bytes: Buffer }>;
  /** A blob of at most 16 MiB, checked against its digest. */
  blob(repository: string, digest: string): Promise<Buffer>;
}

const accepted = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

const largest = 16 * 2 ** 20;

/**
 * A registry by its name in references (`docker.io`, `ghcr.io`, `localhost:5000`). One on this machine may speak plain
 * HTTP, as docker allows, and one that is called `plain`; any other speaks TLS. Without credentials it is asked anonymously.
 * Source: OCI Distribution Specification 1.1; distribution's token authentication.
 *
 * Every call throws EngineError: with `status` where the registry refuses, without where it does not answer, answers too
 * much, or answers bytes that have another digest.
 */
export function openRegistry(name: string, auth: RegistryAuth | undefined, { plain = false } = {}): Registry {
  const host = name === "docker.io" ? "registry-1.docker.io" : name;
  const isLocal = /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/.test(host);
  let scheme = "https";
  let authorization: string | undefined;

  const send = async (path: string, headers: Readonly<Record<string, string>>): Promise<Response> => {
    const all = { ...headers, ...(authorization !== undefined && { Authorization: authorization }) };
    try {
      return await fetch(`${scheme}://${host}${path}`, { headers: all });
    } catch (cause) {
      if ((isLocal || plain) && scheme === "https" && !isAboutCertificates(cause)) {
        scheme = "http";
        return send(path, headers);
      }
      throw new EngineError(`the registry ${host} does not answer: ${reasonOf(cause)}`, { cause });
    }
  };

  const get = async (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> => {
    let answer = await send(path, headers);
    if (answer.status === 401 && authorization === undefined) {
      await answer.body?.cancel();
      authorization = await authorise(answer.headers.get("www-authenticate") ?? "", auth, host);
      answer = await send(path, headers);
    }
    if (answer.ok) return answer;
    throw new EngineError(`the registry ${host} refuses ${path}: ${await refusalOf(answer)}`, {
      status: answer.status,
    });
  };

  return {
    manifest: async (repository, reference) => {
      const answer = await get(`/v2/${repository}/manifests/${reference}`, { Accept: accepted });
      const bytes = await readAll(answer, host);
      const digest = digestOf(bytes);
      if (reference.includes(":") && reference !== digest) throw otherDigest(host, reference, digest);
      return { digest, bytes };
    },
    blob: async (repository, digest) => {
      if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw new EngineError(`"${digest}" is not a sha256 digest`);
      const bytes = await readAll(await get(`/v2/${repository}/blobs/${digest}`), host);
      if (digestOf(bytes) !== digest) throw otherDigest(host, digest, digestOf(bytes));
      return bytes;
    },
  };
}

/** The Authorization header that a challenge asks for: the credentials themselves, or a token that they are good for. */
async function authorise(challenge: string, auth: RegistryAuth | undefined, host: string): Promise<string> {
  const basic =
    auth?.username === undefined
      ? undefined
      : `Basic ${Buffer.from(`${auth.username}:${auth.password ?? ""}`).toString("base64")}`;
  const [, scheme = "", rest = ""] = /^(\w+)\s*(.*)$/s.exec(challenge) ?? [];
  if (scheme.toLowerCase() === "bearer") {
    if (auth?.registrytoken !== undefined) return `Bearer ${auth.registrytoken}`;
    return `Bearer ${await fetchToken(parametersOf(rest), auth, basic, host)}`;
  }
  if (scheme.toLowerCase() === "basic" && basic !== undefined) return basic;
  throw new EngineError(`the registry ${host} wants to know who asks`, {
    status: 401,
    hint: `run docker login ${host}`,
  });
}

async function fetchToken(
  { realm, service, scope }: Readonly<Record<string, string>>,
  auth: RegistryAuth | undefined,
  basic: string | undefined,
  host: string,
): Promise<string> {
  if (realm === undefined || !URL.canParse(realm)) {
    throw new EngineError(`the registry ${host} names no place to get a token from`);
  }
  const query = new URLSearchParams({ ...(service && { service }), ...(scope && { scope }) });
  const refresh = auth?.identitytoken;
  const body = new URLSearchParams({ ...Object.fromEntries(query), client_id: "gantry", grant_type: "refresh_token" });
  const url = new URL(realm);
  if (refresh === undefined) for (const [key, value] of query) url.searchParams.set(key, value);
  else body.set("refresh_token", refresh);
  const answer = await fetch(
    url,
    refresh === undefined ? { headers: basic === undefined ? {} : { Authorization: basic } } : { method: "POST", body },
  ).catch((cause) => {
    throw new EngineError(`${url.host}, which gives out tokens for ${host}, does not answer: ${reasonOf(cause)}`, {
      cause,
    });
  });
  if (!answer.ok) {
    throw new EngineError(`${url.host} gives no token for ${host}: ${await refusalOf(answer)}`, {
      status: answer.status,
    });
  }
  const given: unknown = await answer.json().catch(() => undefined);
  if (typeof given === "object" && given !== null) {
    if ("token" in given && typeof given.token === "string") return given.token;
    if ("access_token" in given && typeof given.access_token === "string") return given.access_token;
  }
  throw new EngineError(`${url.host} gives no token for ${host}`);
}

/** `realm="…",service="…"` of a challenge. */
function parametersOf(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = "", value = ""]) => [key, value]));
}

async function readAll(answer: Response, host: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    size += chunk.length;
    if (size > largest) throw new EngineError(`the registry ${host} answers more than ${largest} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** What a registry says about its refusal: its error codes, else the status. */
async function refusalOf(answer: Response): Promise<string> {
  const status = `${answer.status} ${answer.statusText}`.trim();
  const said: unknown = await answer.json().catch(() => undefined);
  if (typeof said !== "object" || said === null || !("errors" in said) || !Array.isArray(said.errors)) return status;
  const messages = said.errors.flatMap((error) => (typeof error?.message === "string" ? [error.message] : []));
  return messages.length === 0 ? status : messages.join(", ");
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function otherDigest(host: string, wanted: string, given: string): EngineError {
  return new EngineError(`the registry ${host} answers ${given} where ${wanted} was asked for`);
}

/** Whether the other side speaks TLS, but is not who it should be. */
function isAboutCertificates(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return /CERT|UNABLE_TO_VERIFY|ERR_TLS/.test(code);
}

/** Node tells the reason of a failed fetch in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
