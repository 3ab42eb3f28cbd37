/**
 * How a registry lets us in: Basic, or a token that some other host gives. Credentials go to the host that the user has them
 * for and to the token host that it names, and nowhere else.
 * Source: distribution, "Token Authentication Specification", "OAuth2 Token Authentication".
 */

import type { RegistryAuth } from "../../api.ts";
import { unauthorized } from "../../refusal.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import type { Http } from "./http.ts";
import { formatScope, type Scope } from "./scope.ts";

export interface Authorizer {
  /** The value of `Authorization` for a scope, as far as it is known by now. */
  header(scope: Scope | undefined): string | undefined;
  /** Answers a 401. False: there is nothing new to try. EngineError 401 where the token host refuses. */
  answer(challenge: string, scope: Scope | undefined): Promise<boolean>;
  /** What a login gave to keep in place of the password. */
  readonly refreshToken: string | undefined;
}

interface Token {
  readonly value: string;
  /** Milliseconds of Unix time. */
  readonly until: number;
}

/** Docker's own name: some token hosts know their clients. */
const clientId = "docker";

/** `guarded`: the token host must not be this machine. */
export function openAuthorizer(http: Http, auth: RegistryAuth | undefined, guarded: boolean): Authorizer {
  const tokens = new Map<string, Token>();
  const more = new Set<string>();
  let basic: string | undefined;
  let refreshToken = auth?.identitytoken || undefined;
  const keyOf = (scope: Scope | undefined) => (scope === undefined ? "" : formatScope(scope).join(" "));
  const password = auth?.username ? basicOf(auth) : undefined;

  const fetchToken = async ({ parameters }: Challenge, scope: Scope | undefined): Promise<Token> => {
    const realm = parameters.get("realm");
    if (realm === undefined || !URL.canParse(realm))
      throw unauthorized("the registry asks for a token, but does not say where");
    const scopes = scope === undefined ? [] : [...formatScope(scope), ...more];
    const service = parameters.get("service") ?? "";
    const common = { url: realm, guarded };
    let answer = await (async () => {
      if (refreshToken === undefined) return undefined;
      const form = new URLSearchParams({
        grant_type: "refresh_token",
        service,
        client_id: clientId,
        refresh_token: refreshToken,
      });
      if (scopes.length > 0) form.set("scope", scopes.join(" "));
      const headers = { "Content-Type": "application/x-www-form-urlencoded" };
      const response = await http.send({ ...common, method: "POST", headers, body: Buffer.from(form.toString()) });
      if (response.status !== 404 && response.status !== 405) return response;
      response.discard();
      return undefined;
    })();
    if (answer === undefined) {
      const url = new URL(realm);
      if (service !== "") url.searchParams.set("service", service);
      for (const wanted of scopes) url.searchParams.append("scope", wanted);
      if (auth?.username) {
        url.searchParams.set("account", auth.username);
        url.searchParams.set("client_id", clientId);
        url.searchParams.set("offline_token", "true");
      }
      answer = await http.send({
        url: url.href,
        guarded,
        method: "GET",
        headers: password === undefined ? {} : { Authorization: password },
      });
    }
    const text = await answer.text();
    if (answer.status !== 200) throw unauthorized(refusalOf(answer.status, text, realm));
    const token = readToken(text, realm);
    if (token.refresh !== undefined) refreshToken = token.refresh;
    return token;
  };

  return {
    get refreshToken() {
      return refreshToken;
    },
    header: (scope) => {
      if (auth?.registrytoken) return `Bearer ${auth.registrytoken}`;
      const token = tokens.get(keyOf(scope));
      if (token !== undefined && token.until > Date.now()) return `Bearer ${token.value}`;
      return basic;
    },
    answer: async (header, scope) => {
      if (auth?.registrytoken) return false;
      const challenges = parseChallenges(header);
      const bearer = challenges.find(({ scheme }) => scheme === "bearer");
      if (bearer !== undefined) {
        const known = tokens.get(keyOf(scope));
        const narrow = bearer.parameters.get("error") === "insufficient_scope";
        const wider = bearer.parameters.get("scope");
        const isNew = wider !== undefined && !more.has(wider) && wider !== keyOf(scope);
        if (known !== undefined && known.until > Date.now() && !(narrow && isNew)) return false;
        if (narrow && isNew) more.add(wider);
        tokens.set(keyOf(scope), await fetchToken(bearer, scope));
        return true;
      }
      if (challenges.some(({ scheme }) => scheme === "basic") && basic === undefined && password !== undefined) {
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
  if (typeof value !== "string" || value === "") throw unauthorized(`${realm} gave no token`);
  // 60 seconds where nothing is said; a little less, so that it does not run out on the way.
  const seconds = typeof answer.expires_in === "number" && answer.expires_in > 0 ? answer.expires_in : 60;
  const refresh = answer.refresh_token;
  return {
    value,
    until: Date.now() + seconds * 900,
    ...(typeof refresh === "string" && refresh !== "" && { refresh }),
  };
}

function refusalOf(status: number, text: string, realm: string): string {
  const { details, error_description, errors } = parseObject(text);
  const [first] = Array.isArray(errors) ? errors : [];
  const said = details ?? error_description ?? (first as { message?: unknown } | undefined)?.message;
  if (status === 401) return `unauthorized: ${typeof said === "string" ? said : "incorrect username or password"}`;
  return `${realm} gave no token: ${typeof said === "string" ? said : `HTTP status ${status}`}`;
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
