/**
 * A registry in this process, whose every answer a test can spoil. It takes pushes too, and lets in whom it is told to.
 * Source: OCI distribution-spec 1.1; distribution, "Token Authentication Specification".
 */

import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import zlib from "node:zlib";

export const digestOf = (bytes: string | Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

export interface FakeRegistry {
  readonly host: string;
  /** `METHOD path` and the headers of every request, in order. */
  readonly seen: { readonly line: string; readonly headers: IncomingMessage["headers"] }[];
  /** Content by its digest, manifests by tag and digest: what is served. */
  readonly blobs: Map<string, Buffer>;
  readonly manifests: Map<string, { readonly type: string; readonly body: Buffer }>;
  /** Uploads under way, by their names: what came of them. */
  readonly uploads: Map<string, Buffer>;
  /** Asked before the usual answer; true: it has answered. */
  spoil: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Puts an image there, of layers that are tars. Its digest. */
  add(tag: string, tars: readonly Buffer[], change?: ImageChange): string;
  stop(): Promise<void>;
}

export interface ImageChange {
  readonly config?: object;
  readonly manifest?: object;
  readonly type?: string;
  /** How the layers are packed; gzip unless given. */
  readonly pack?: (tar: Buffer) => Buffer;
}

/** `token`: anybody, with a token; `basic` and `bearer`: `user` with the password `pass`. */
export type Entrance = "none" | "token" | "basic" | "bearer";

const manifestType = "application/vnd.oci.image.manifest.v1+json";

export async function startFakeRegistry(entrance: Entrance = "none"): Promise<FakeRegistry> {
  const seen: { line: string; headers: IncomingMessage["headers"] }[] = [];
  const blobs = new Map<string, Buffer>();
  const manifests = new Map<string, { type: string; body: Buffer }>();
  const uploads = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    seen.push({ line: `${request.method} ${request.url}`, headers: request.headers });
    if (registry.spoil(request, response)) return;
    if (isKept(entrance, request, response)) return;
    if (request.method === "GET" || request.method === "HEAD") read(request, response);
    else write(request, response).catch(() => response.destroy());
  });
  const read = (request: IncomingMessage, response: ServerResponse) => {
    const { url = "", method } = request;
    const [, kind, name = ""] = /^\/v2\/[^?]*?\/(manifests|blobs\/uploads|blobs)\/([^?]+)/.exec(url) ?? [];
    const upload = kind === "blobs/uploads" ? uploads.get(name) : undefined;
    const manifest = kind === "manifests" ? manifests.get(name) : undefined;
    const blob = kind === "blobs" ? blobs.get(name) : undefined;
    if (url === "/v2/") response.end("{}");
    else if (upload !== undefined) {
      response.writeHead(204, { Location: url, ...(upload.length > 0 && { Range: `0-${upload.length - 1}` }) }).end();
    } else if (manifest !== undefined) {
      const about = {
        "Content-Type": manifest.type,
        "Content-Length": manifest.body.length,
        "Docker-Content-Digest": digestOf(manifest.body),
      };
      response.writeHead(200, about).end(method === "HEAD" ? undefined : manifest.body);
    } else if (blob !== undefined) {
      const start = Number(/^bytes=([0-9]+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
      const range = start === 0 ? {} : { "Content-Range": `bytes ${start}-${blob.length - 1}/${blob.length}` };
      const head = { ...range, "Content-Length": blob.length - start };
      response.writeHead(start === 0 ? 200 : 206, head).end(method === "HEAD" ? undefined : blob.subarray(start));
    } else fail(response, 404, "MANIFEST_UNKNOWN", "manifest unknown");
  };
  const write = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://here");
    const [, kind, name = ""] = /^\/v2\/.*?\/(manifests|blobs\/uploads)\/(.*)$/.exec(pathname) ?? [];
    if (kind === "blobs/uploads" && request.method === "POST") {
      const mounted = searchParams.get("mount");
      if (mounted !== null && blobs.has(mounted)) return void response.writeHead(201).end();
      const upload = `upload-${seen.length}`;
      uploads.set(upload, Buffer.alloc(0));
      return void response.writeHead(202, { Location: `${pathname}${upload}?_state=s3cret` }).end();
    }
    if (kind === "blobs/uploads" && !uploads.has(name))
      return void fail(response, 404, "BLOB_UPLOAD_UNKNOWN", "unknown");
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk);
      if (kind === "blobs/uploads") uploads.set(name, Buffer.concat([uploads.get(name) ?? Buffer.alloc(0), chunk]));
    }
    const body = Buffer.concat(chunks);
    if (kind === "manifests") {
      const entry = { type: request.headers["content-type"] ?? "", body };
      manifests.set(name, entry);
      manifests.set(digestOf(body), entry);
      return void response.writeHead(201).end();
    }
    const whole = uploads.get(name) ?? Buffer.alloc(0);
    if (request.method === "PATCH") {
      return void response.writeHead(202, { Location: request.url ?? "", Range: `0-${whole.length - 1}` }).end();
    }
    uploads.delete(name);
    if (searchParams.get("digest") !== digestOf(whole)) {
      return void fail(response, 400, "DIGEST_INVALID", "provided digest did not match uploaded content");
    }
    blobs.set(digestOf(whole), whole);
    response.writeHead(201).end();
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const registry: FakeRegistry = {
    host: `localhost:${port}`,
    seen,
    blobs,
    manifests,
    uploads,
    spoil: () => false,
    add: (tag, tars, change = {}) => {
      const layers = tars.map(change.pack ?? ((tar) => zlib.gzipSync(tar, { level: 1 })));
      const config = Buffer.from(
        JSON.stringify({
          architecture: "amd64",
          os: "linux",
          config: { Cmd: ["sh"] },
          rootfs: { type: "layers", diff_ids: tars.map(digestOf) },
          history: [],
          ...change.config,
        }),
      );
      for (const bytes of [...layers, config]) blobs.set(digestOf(bytes), bytes);
      const body = Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: manifestType,
          config: {
            mediaType: "application/vnd.oci.image.config.v1+json",
            digest: digestOf(config),
            size: config.length,
          },
          layers: layers.map((bytes) => ({
            mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
            digest: digestOf(bytes),
            size: bytes.length,
          })),
          ...change.manifest,
        }),
      );
      const entry = { type: change.type ?? manifestType, body };
      manifests.set(tag, entry);
      manifests.set(digestOf(body), entry);
      return digestOf(body);
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return registry;
}

const basic = `Basic ${Buffer.from("user:pass").toString("base64")}`;

/** Whether somebody was told to say who they are first. */
function isKept(entrance: Entrance, { url = "", headers }: IncomingMessage, response: ServerResponse): boolean {
  if (url.startsWith("/token")) {
    if (entrance === "bearer" && headers.authorization !== basic) {
      return fail(response, 401, "UNAUTHORIZED", "wrong password");
    }
    response.end(JSON.stringify({ token: "good" }));
    return true;
  }
  const needed = entrance === "none" ? undefined : entrance === "basic" ? basic : "Bearer good";
  if (needed === undefined || headers.authorization === needed) return false;
  const token = `Bearer realm="http://${headers.host}/token",service="here",scope="repository:x:pull"`;
  const challenge = entrance === "basic" ? 'Basic realm="here"' : token;
  return fail(response, 401, "UNAUTHORIZED", "authentication required", { "WWW-Authenticate": challenge });
}

export function fail(response: ServerResponse, status: number, code: string, message: string, headers = {}): true {
  response.writeHead(status, { "Content-Type": "application/json", ...headers });
  response.end(JSON.stringify({ errors: [{ code, message }] }));
  return true;
}
