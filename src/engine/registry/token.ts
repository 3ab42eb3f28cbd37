/**
 * How a registry lets us in: Basic, or a token that some other host gives. Credentials go to the host that the user has them
 * for and to the token host that it names, and nowhere else.
 * Source: distribution, "Token Authentication Specification", "OAuth2 Token Authentication".
 */

import type { EngineError } from "../../errors.ts";
import type { RegistryAuth } from "../api.ts";
import { internal, unauthorized } from "../refusal.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import type { Http, HttpRequest, HttpResponse } from "./http.ts";
import { type Patience, patiently } from "./patiently.ts";
import { formatScope, type Scope } from "./scope.ts";
import { shownUrl } from "./shown-url.ts";

export interface Authorizer {
  /** The value of `Authorization` for a scope, as far as it is known by now. */
  header(scope: Scope | undefined): string | undefined;
  /** Answers a 401. False: there is nothing new to try. EngineError 401 where the token host refuses, 500 where it is silent. */
  answer(challenge: string, asked: Asked): Promise<boolean>;
  /** What a login gave to keep in place of the password. */
  readonly refreshToken: string | undefined;
}

export interface Asked {
  readonly scope: Scope | undefined;
  /** The header that was refused. */
  readonly used: string | undefined;
  /** The same request was refused before. */
  readonly again: boolean;
}

interface Token {
  readonly value: string;
  /** Milliseconds of Unix time. */
  readonly until: number;
}

export interface AuthorizerOptions {
  readonly http: Http;
  readonly registry: string;
  readonly auth: RegistryAuth | undefined;
  /** The token host may be this machine, and speak plain HTTP. */
  readonly insecure: boolean;
  /** The token host is asked for something to keep in place of the password. */
  readonly offline: boolean;
  readonly patience: Patience;
}

/** Docker's own name: some token hosts know their clients. */
const clientId = "docker";

export function openAuthorizer({ http, registry, auth, insecure, offline, patience }: AuthorizerOptions): Authorizer {
  const tokens = new Map<string, Token>();
  /** Several requests that are refused at the same time need one token. */
  const coming = new Map<string, Promise<Token>>();
  const more = new Set<string>();
  let basic: string | undefined;
  let refreshToken = auth?.identitytoken || undefined;
  const keyOf = (scope: Scope | undefined) => (scope === undefined ? "" : formatScope(scope).join(" "));
  const password = auth?.username ? basicOf(auth) : undefined;

  const send = async (request: Omit<HttpRequest, "signal">): Promise<HttpResponse> => {
    const { signal } = patience;
    try {
      return await patiently(() => http.send({ ...request, ...(signal !== undefined && { signal }) }), patience);
    } catch (error) {
      if (signal?.aborted === true) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      const url = shownUrl(request.url);
      throw internal(
        `${url}, which gives out tokens for ${registry}, cannot be reached: ${reason}; try again later`,
        error,
      );
    }
  };

  const fetchToken = async ({ parameters }: Challenge, scope: Scope | undefined): Promise<Token> => {
    const realm = parameters.get("realm");
    if (realm === undefined || !URL.canParse(realm))
      throw unauthorized(`the registry ${registry} asks for a token, but does not say where to get one`);
    if (!insecure && new URL(realm).protocol !== "https:")
      throw unauthorized(
        `the registry ${registry} sends us to ${shownUrl(realm)} for a token, without TLS: not followed`,
      );
    const scopes = scope === undefined ? [] : [...formatScope(scope), ...more];
    const service = parameters.get("service") ?? "";
    const common = { url: realm, guarded: !insecure };
    let answer: HttpResponse | undefined;
    if (refreshToken !== undefined) {
      const form = new URLSearchParams({ grant_type: "refresh_token", service, client_id: clientId });
      form.set("refresh_token", refreshToken);
      if (scopes.length > 0) form.set("scope", scopes.join(" "));
      const headers = { "Content-Type": "application/x-www-form-urlencoded" };
      answer = await send({ ...common, method: "POST", headers, body: Buffer.from(form.toString()) });
      if (answer.status === 404 || answer.status === 405) {
        answer.discard();
        answer = undefined;
      }
    }
    if (answer === undefined) {
      const url = new URL(realm);
      if (service !== "") url.searchParams.set("service", service);
      for (const wanted of scopes) url.searchParams.append("scope", wanted);
      if (auth?.username) {
        url.searchParams.set("account", auth.username);
        url.searchParams.set("client_id", clientId);
        if (offline) url.searchParams.set("offline_token", "true");
      }
      const headers: Record<string, string> = password === undefined ? {} : { Authorization: password };
      answer = await send({ ...common, url: url.href, method: "GET", headers });
    }
    const text = await answer.text();
    if (answer.status !== 200) throw refusalOf(answer.status, text, realm);
    const token = readToken(text, realm);
    if (token.refresh !== undefined) refreshToken = token.refresh;
    return token;
  };

  const renew = async (challenge: Challenge, scope: Scope | undefined): Promise<void> => {
    const key = keyOf(scope);
    const token = coming.get(key) ?? fetchToken(challenge, scope).finally(() => coming.delete(key));
    coming.set(key, token);
    tokens.set(key, await token);
  };

  const header = (scope: Scope | undefined) => {
    if (auth?.registrytoken) return `Bearer ${auth.registrytoken}`;
    const token = tokens.get(keyOf(scope));
    if (token !== undefined && token.until > Date.now()) return `Bearer ${token.value}`;
    return basic;
  };

  return {
    get refreshToken() {
      return refreshToken;
    },
    header,
    answer: async (text, { scope, used, again }) => {
      if (auth?.registrytoken) return false;
      const challenges = parseChallenges(text);
      const bearer = challenges.find(({ scheme }) => scheme === "bearer");
      if (bearer !== undefined) {
        const wider = bearer.parameters.get("scope");
        const isWider = wider !== undefined && !more.has(wider) && wider !== keyOf(scope);
        if (bearer.parameters.get("error") === "insufficient_scope" && isWider) more.add(wider);
        else if (again) return false;
        // Another request may have got a new one meanwhile.
        else if (header(scope) !== used && header(scope) !== undefined) return true;
        await renew(bearer, scope);
        return true;
      }
      if (challenges.some(({ scheme }) => scheme === "basic") && password !== undefined && used !== password) {
        basic = password;
        return true;
      }
      return false;
    },
  };
}

function basicOf({ username = "", password = "" }: RegistryAuth): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function readToken(text: string, realm: string): Token & { readonly refresh?: string } {
  const answer = parseObject(text);
  const value = answer.token ?? answer.access_token;
  if (typeof value !== "string" || value === "")
    throw unauthorized(`${shownUrl(realm)} gave no token: its answer holds none`);
  // 60 seconds where nothing is said; a little less, so that it does not run out on the way.
  const seconds = typeof answer.expires_in === "number" && answer.expires_in > 0 ? answer.expires_in : 60;
  const refresh = answer.refresh_token;
  return {
    value,
    until: Date.now() + seconds * 900,
    ...(typeof refresh === "string" && refresh !== "" && { refresh }),
  };
}

function refusalOf(status: number, text: string, realm: string): EngineError {
  const { details, error_description, errors } = parseObject(text);
  const [first] = Array.isArray(errors) ? errors : [];
  const given = details ?? error_description ?? (first as { message?: unknown } | undefined)?.message;
  const said = typeof given === "string" ? given.replace(/[\p{Cc}\p{Cf}]+/gu, " ").slice(0, 500) : undefined;
  if (status === 401) return unauthorized(`unauthorized: ${said ?? "incorrect username or password"}`);
  const words = `${shownUrl(realm)} gave no token: ${said ?? `HTTP status ${status}`}`;
  return status >= 500 || status === 429 ? internal(`${words}; try again later`) : unauthorized(words);
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
