/** A registry in this process, whose every answer a test can spoil. */

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

const manifestType = "application/vnd.oci.image.manifest.v1+json";

export async function startFakeRegistry(): Promise<FakeRegistry> {
  const seen: { line: string; headers: IncomingMessage["headers"] }[] = [];
  const blobs = new Map<string, Buffer>();
  const manifests = new Map<string, { type: string; body: Buffer }>();
  const server = createServer((request, response) => {
    seen.push({ line: `${request.method} ${request.url}`, headers: request.headers });
    if (registry.spoil(request, response)) return;
    const [, kind, name = ""] = /^\/v2\/[^?]*?\/(manifests|blobs)\/([^?]+)/.exec(request.url ?? "") ?? [];
    const manifest = kind === "manifests" ? manifests.get(name) : undefined;
    const blob = kind === "blobs" ? blobs.get(name) : undefined;
    if (manifest !== undefined) response.writeHead(200, { "Content-Type": manifest.type }).end(manifest.body);
    else if (blob !== undefined) {
      const start = Number(/^bytes=([0-9]+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
      const range = start === 0 ? {} : { "Content-Range": `bytes ${start}-${blob.length - 1}/${blob.length}` };
      response.writeHead(start === 0 ? 200 : 206, range).end(blob.subarray(start));
    } else fail(response, 404, "MANIFEST_UNKNOWN", "manifest unknown");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const registry: FakeRegistry = {
    host: `localhost:${port}`,
    seen,
    blobs,
    manifests,
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

export function fail(response: ServerResponse, status: number, code: string, message: string, headers = {}): true {
  response.writeHead(status, { "Content-Type": "application/json", ...headers });
  response.end(JSON.stringify({ errors: [{ code, message }] }));
  return true;
}
