/** A registry, for one piece of work: finds out how it is reached, lets itself in, follows its redirects, and tries again. */

import { EngineError } from "../../errors.ts";
import type { RegistryAuth } from "../api.ts";
import { unreachable } from "./failure.ts";
import { endpointsOf, isInsecure, type RegistryOptions } from "./hosts.ts";
import { type Http, type HttpResponse, openHttp } from "./http.ts";
import { type Patience, patiently, usualPause } from "./patiently.ts";
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
  /** What was sent cannot simply be sent again after a failure. */
  readonly once?: boolean;
}

export interface Registry {
  /** Any status that does not get better by trying again. EngineError 500 where the registry cannot be reached. */
  request(request: RegistryRequest): Promise<HttpResponse>;
  /** How long it is waited before something is tried again. */
  readonly patience: Patience;
  /** What a login gave to keep in place of the password. */
  readonly refreshToken: string | undefined;
  close(): void;
}

export interface RegistrySession {
  readonly options: RegistryOptions;
  readonly auth?: RegistryAuth | undefined;
  /** Also to be given something to keep in place of the password: `refreshToken`. */
  readonly offline?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Nothing is sent yet. `registry`: as in a reference. What is read of Docker Hub is asked of its mirrors first. */
export function openRegistry(registry: string, session: RegistrySession): Registry {
  const { options } = session;
  const own = openEndpoint(registry, endpointsOf(registry, options), isInsecure(registry, options), session);
  if (registry !== "docker.io" || options.mirrors.length === 0) return own;
  const mirrors = options.mirrors.map((url) => {
    const { host, protocol } = new URL(url);
    // The user's credentials are for Docker Hub.
    return openEndpoint(host, [url], protocol === "http:" || isInsecure(host, options), {
      ...session,
      auth: undefined,
    });
  });
  return withMirrors(own, mirrors, session.signal);
}

/** A mirror that fails in any way is passed over, and one that cannot be reached is not asked again. */
function withMirrors(own: Registry, mirrors: readonly Registry[], signal: AbortSignal | undefined): Registry {
  const asked = new Set(mirrors);
  return {
    patience: own.patience,
    get refreshToken() {
      return own.refreshToken;
    },
    close: () => {
      for (const registry of [own, ...mirrors]) registry.close();
    },
    request: async (request) => {
      if (request.method === "GET" || request.method === "HEAD") {
        for (const mirror of asked) {
          try {
            const response = await mirror.request({ ...request, once: true });
            if (response.status === 200 || response.status === 206) return response;
            response.discard();
          } catch (error) {
            if (signal?.aborted === true) throw error;
            asked.delete(mirror);
          }
        }
      }
      return own.request(request);
    },
  };
}

const mostRedirects = 5;
/** One for a token, one for a token of a wider scope or for one that has run out meanwhile. */
const mostChallenges = 2;

interface Reached {
  readonly response: HttpResponse;
  /** The registry itself has answered, not somebody whom it led to. */
  readonly isOwn: boolean;
  readonly authorization: string | undefined;
}

function openEndpoint(
  registry: string,
  addresses: readonly string[],
  insecure: boolean,
  { options, auth, offline = false, signal }: RegistrySession,
): Registry {
  const { certificates, patience: untilSilent } = options;
  const http: Http = openHttp({ registry, insecure, certificates, patience: untilSilent });
  const patience: Patience = { pause: options.pause ?? usualPause, signal };
  const authorizer = openAuthorizer({ http, registry, auth, insecure, offline, patience });
  let base: string | undefined;

  const sendTo = async (address: string, request: RegistryRequest): Promise<Reached> => {
    const { origin, host } = new URL(address);
    let url = request.path.startsWith("/") ? new URL(address + request.path) : new URL(request.path);
    let method = request.method;
    for (let redirects = 0; ; redirects++) {
      // A registry behind a proxy that speaks TLS for it may not know that it does.
      if (origin.startsWith("https:") && url.origin === `http://${host}`)
        url = new URL(url.href.replace("http:", "https:"));
      if (origin.startsWith("https:") && url.protocol === "http:" && !insecure) {
        throw new Error(`${registry} leads from https to http, to ${url.host}: that is not followed`);
      }
      const isOwn = url.origin === origin;
      // Credentials for the registry are for the registry.
      const authorization = isOwn ? authorizer.header(request.scope) : undefined;
      const response = await http.send({
        method,
        url: url.href,
        headers: { ...request.headers, ...(authorization !== undefined && { Authorization: authorization }) },
        ...(request.body !== undefined && method !== "GET" && { body: request.body() }),
        ...(signal !== undefined && { signal }),
        guarded: !isOwn && !insecure,
      });
      const location = response.header("location");
      if (![301, 302, 303, 307, 308].includes(response.status) || location === undefined) {
        return { response, isOwn, authorization };
      }
      response.discard();
      if (redirects === mostRedirects) throw new Error(`${registry} redirects again and again`);
      if (response.status === 303) method = "GET";
      url = new URL(location, url);
    }
  };

  /** To the first of the registry's addresses that answers at all. */
  const reach = async (request: RegistryRequest): Promise<Reached> => {
    if (base !== undefined) return sendTo(base, request);
    const failures: unknown[] = [];
    for (const address of addresses) {
      try {
        const reached = await sendTo(address, request);
        base = address;
        return reached;
      } catch (error) {
        if (signal?.aborted === true || error instanceof EngineError) throw error;
        failures.push(error);
      }
    }
    // Of an insecure registry, the failure of plain HTTP says more.
    throw failures.at(-1);
  };

  /** Sends, and answers when it is asked who is there. */
  const converse = async (request: RegistryRequest): Promise<HttpResponse> => {
    for (let challenges = 0; ; challenges++) {
      const { response, isOwn, authorization } = await reach(request);
      const challenge = response.header("www-authenticate");
      // Nobody but the registry may ask.
      if (response.status !== 401 || !isOwn || challenge === undefined || challenges === mostChallenges)
        return response;
      const { scope } = request;
      if (!(await authorizer.answer(challenge, { scope, used: authorization, again: challenges > 0 }))) return response;
      response.discard();
    }
  };

  return {
    patience,
    get refreshToken() {
      return authorizer.refreshToken;
    },
    close: http.close,
    request: async (request) => {
      try {
        return await patiently(() => converse(request), { ...patience, once: request.once });
      } catch (error) {
        if (signal?.aborted === true || error instanceof EngineError) throw error;
        const address = base ?? addresses.at(-1) ?? "";
        throw unreachable(registry, request.path.startsWith("/") ? address + request.path : request.path, error);
      }
    },
  };
}
