/** A registry, for one piece of work: finds out how it is reached, lets itself in, follows its redirects, and tries again. */

import { setTimeout as sleep } from "node:timers/promises";
import { EngineError } from "../../../errors.ts";
import type { RegistryAuth } from "../../api.ts";
import { internal } from "../../refusal.ts";
import { endpointsOf, isInsecure, type RegistryOptions } from "./hosts.ts";
import { type HttpResponse, openHttp } from "./http.ts";
import type { Scope } from "./scope.ts";
import { openAuthorizer } from "./token.ts";

export interface RegistryRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below the registry's address, beginning with `/v2/`; or a whole URL that the registry named (`Location`). */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Made anew for every try. */
  readonly body?: () => Uint8Array | AsyncIterable<Uint8Array>;
  readonly scope?: Scope;
  /** Tried once only: what was sent cannot be sent again. */
  readonly once?: boolean;
}

export interface Registry {
  /** Any status but 401, 429 and 5xx, which were tried again. EngineError 500 where the registry cannot be reached. */
  request(request: RegistryRequest): Promise<HttpResponse>;
  /** What a login gave to keep in place of the password. */
  readonly refreshToken: string | undefined;
  close(): void;
}

const mostTries = 5;
const mostRedirects = 5;
/** Milliseconds; doubled from try to try. */
const firstPause = 500;
/** A registry that wants us to wait longer than that, in milliseconds, is not waited for. */
const longestPause = 60_000;

export interface RegistrySession {
  readonly options: RegistryOptions;
  readonly auth?: RegistryAuth | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told before each new try. */
  readonly retrying?: (milliseconds: number) => void;
}

/** Nothing is sent yet. `registry`: as in a reference. */
export async function openRegistry(registry: string, session: RegistrySession): Promise<Registry> {
  const { options, auth, signal, retrying } = session;
  const insecure = isInsecure(registry, options);
  const http = await openHttp(registry, insecure, options);
  const authorizer = openAuthorizer(http, auth, !insecure);
  let base: string | undefined;

  const sendTo = async (origin: string, request: RegistryRequest): Promise<HttpResponse> => {
    let url = new URL(request.path, origin);
    let method = request.method;
    for (let redirects = 0; ; redirects++) {
      const own = url.origin === new URL(origin).origin;
      // Credentials for the registry are for the registry.
      const authorization = own ? authorizer.header(request.scope) : undefined;
      const response = await http.send({
        method,
        url: url.href,
        headers: { ...request.headers, ...(authorization !== undefined && { Authorization: authorization }) },
        ...(request.body !== undefined && method !== "GET" && { body: request.body() }),
        ...(signal !== undefined && { signal }),
        guarded: !own && !insecure,
      });
      const location = response.header("location");
      if (![301, 302, 303, 307, 308].includes(response.status) || location === undefined) return response;
      response.discard();
      if (redirects === mostRedirects) throw new Error(`${registry} redirects again and again`);
      const next = new URL(location, url);
      if (url.protocol === "https:" && next.protocol === "http:") {
        throw new Error(`${registry} redirects from https to http: that is not followed`);
      }
      if (response.status === 303) method = "GET";
      url = next;
    }
  };

  /** To the first of the registry's addresses that answers at all. */
  const reach = async (request: RegistryRequest): Promise<HttpResponse> => {
    if (base !== undefined) return sendTo(base, request);
    const failures: unknown[] = [];
    for (const origin of endpointsOf(registry, options)) {
      try {
        const response = await sendTo(origin, request);
        base = origin;
        return response;
      } catch (error) {
        if (signal?.aborted === true || error instanceof EngineError) throw error;
        failures.push(error);
      }
    }
    // Of an insecure registry, the failure of plain HTTP says more.
    throw failures.at(-1);
  };

  const pause = async (tries: number, wanted: number | undefined) => {
    const milliseconds = wanted ?? firstPause * 2 ** (tries - 1) * (0.75 + Math.random() / 2);
    retrying?.(milliseconds);
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
  };

  return {
    get refreshToken() {
      return authorizer.refreshToken;
    },
    close: http.close,
    request: async (request) => {
      for (let tries = 1; ; ) {
        let response: HttpResponse;
        try {
          response = await reach(request);
        } catch (error) {
          if (signal?.aborted === true || error instanceof EngineError) throw error;
          if (tries === mostTries || request.once === true || isFinal(error)) throw unreachable(registry, error);
          await pause(tries++, undefined);
          continue;
        }
        const { status } = response;
        if (status === 401) {
          const challenge = response.header("www-authenticate");
          if (challenge === undefined || !(await authorizer.answer(challenge, request.scope))) return response;
          response.discard();
          continue;
        }
        const wanted = retryAfter(response.header("retry-after"));
        const worth = status === 429 || status === 500 || status === 502 || status === 503 || status === 504;
        if (!worth || tries === mostTries || request.once === true || (wanted ?? 0) > longestPause) return response;
        response.discard();
        await pause(tries++, wanted);
      }
    },
  };
}

/** Errors that come again however often one tries. */
function isFinal(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return (
    ["ENOTFOUND", "ECONNREFUSED", "EAI_AGAIN"].includes(code) ||
    /CERT|SELF_SIGNED|TLS|EPROTO/.test(code) ||
    (error instanceof Error && error.message.includes("not followed"))
  );
}

function unreachable(registry: string, error: unknown): EngineError {
  const reason = error instanceof Error ? error.message || String("code" in error ? error.code : error) : String(error);
  return internal(`the registry ${registry} cannot be reached: ${reason}`, error);
}

/** Milliseconds, of seconds or a date. */
export function retryAfter(header: string | undefined, now = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  if (/^[0-9]+$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
