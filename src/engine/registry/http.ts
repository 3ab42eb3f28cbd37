/** One HTTP exchange with a registry: no redirects, no retries, no credentials of its own. */

import { lookup as dnsLookup, type LookupAddress, type LookupOptions } from "node:dns";
import http from "node:http";
import https from "node:https";
import { isIP } from "node:net";
import { readCertificates } from "./certificates.ts";
import { isOfThisMachine } from "./hosts.ts";
import { proxiesOf } from "./proxies.ts";
import { shownUrl } from "./shown-url.ts";

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
  /** It was a registry, not the user, that named this URL: it must not lead to this machine. */
  readonly guarded?: boolean;
}

export interface HttpResponse {
  readonly status: number;
  readonly url: string;
  header(name: string): string | undefined;
  readonly body: AsyncIterable<Buffer>;
  /** Reads the body to its end, but no more of it than that; throws beyond. */
  text(limit?: number): Promise<string>;
  /** Lets the connection go without reading the rest. */
  discard(): void;
}

export interface Http {
  send(request: HttpRequest): Promise<HttpResponse>;
  close(): void;
}

const usualPatience = 60_000;
const textLimit = 1024 * 1024;
const userAgent = "gantry";

export interface HttpOptions {
  /** As in a reference: whose certificates are looked for. */
  readonly registry: string;
  /** Certificates are not verified. */
  readonly insecure: boolean;
  /** Folders, as in RegistryOptions. */
  readonly certificates: readonly string[];
  /** No byte for so long, milliseconds: the connection is given up. */
  readonly patience?: number | undefined;
}

export function openHttp({ registry, insecure, certificates, patience = usualPatience }: HttpOptions): Http {
  const pool = { keepAlive: true, maxSockets: 8, proxyEnv: proxiesOf(process.env) };
  const plain = new http.Agent(pool);
  let opened: Promise<https.Agent> | undefined;
  /** Read when the first connection needs them. */
  const secure = () => {
    opened ??= readCertificates(certificates, registry).then(
      (own) => new https.Agent({ ...pool, ...own, rejectUnauthorized: !insecure }),
    );
    return opened;
  };
  return {
    close: () => {
      plain.destroy();
      opened?.then((agent) => agent.destroy()).catch(() => {});
    },
    send: async (request) => {
      const url = new URL(request.url);
      const isSecure = url.protocol === "https:";
      if (!isSecure && url.protocol !== "http:") throw new Error(`${url.protocol} is not spoken here`);
      const host = url.hostname.replace(/^\[|\]$/g, "");
      const guarded = request.guarded === true;
      if (guarded && (isOfThisMachine(host) || host === "localhost")) throw new Error(refusalTo(url));
      const agent = isSecure ? await secure() : plain;
      return new Promise((resolve, reject) => {
        const outgoing = (isSecure ? https : http).request(url, {
          method: request.method,
          agent,
          headers: { "User-Agent": userAgent, ...request.headers },
          ...(request.signal !== undefined && { signal: request.signal }),
          ...(guarded && { lookup: guardedLookup(url) }),
        });
        outgoing.setTimeout(patience, () => outgoing.destroy(new Error(`nothing came for ${patience / 1000} seconds`)));
        outgoing.once("error", reject);
        outgoing.once("response", (incoming) => resolve(asResponse(incoming, request.url)));
        sendBody(outgoing, request.body).catch((error: Error) => outgoing.destroy(error));
      });
    },
  };
}

async function sendBody(outgoing: http.ClientRequest, body: HttpRequest["body"]): Promise<void> {
  if (body === undefined || body instanceof Uint8Array) {
    outgoing.end(body);
    return;
  }
  for await (const chunk of body) {
    if (outgoing.destroyed) return;
    if (outgoing.write(chunk)) continue;
    await new Promise<void>((resolve) => {
      const go = () => {
        outgoing.off("drain", go).off("close", go);
        resolve();
      };
      outgoing.on("drain", go).on("close", go);
    });
  }
  outgoing.end();
}

function asResponse(incoming: http.IncomingMessage, url: string): HttpResponse {
  return {
    status: incoming.statusCode ?? 0,
    url,
    header: (name) => {
      const value = incoming.headers[name.toLowerCase()];
      return Array.isArray(value) ? value.join(", ") : value;
    },
    body: incoming,
    text: async (limit = textLimit) => {
      const chunks: Buffer[] = [];
      let length = 0;
      for await (const chunk of incoming) {
        length += chunk.length;
        if (length > limit) throw new Error(`the answer of ${shownUrl(url)} is longer than ${limit} bytes`);
        chunks.push(chunk);
      }
      return Buffer.concat(chunks).toString("utf8");
    },
    discard: () => incoming.destroy(),
  };
}

const refusalTo = (url: URL) => `the registry leads to ${url.host}, an address of this machine: that is not followed`;

type LookupCallback = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

function guardedLookup(url: URL) {
  return (hostname: string, options: LookupOptions, callback: LookupCallback): void => {
    // The way there may be through a proxy, which may be anywhere.
    const isProxy = hostname !== url.hostname;
    dnsLookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, "");
      if (!isProxy && addresses.some(({ address }) => isOfThisMachine(address)))
        return callback(new Error(refusalTo(url)), "");
      const [first] = addresses;
      if (options.all === true) callback(null, addresses);
      else callback(null, first?.address ?? "", first?.family ?? isIP(first?.address ?? ""));
    });
  };
}
