/** The arguments of a call, read from its HTTP request as the route says. Pure but for the body; the inverse of request.ts. */

import type { Filters } from "./api.ts";
import { badRequest } from "./refusal.ts";
import type { Route } from "./routes.ts";

export interface IncomingCall {
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Everything but the body: path, query and credentials. EngineError 400 for what is not of its kind. */
export function readArguments(route: Route, { path, query, headers }: IncomingCall): Record<string, unknown> {
  const args: Record<string, unknown> = {};
  for (const [name, rule] of Object.entries(route.args)) {
    const value = readOne(name, typeof rule === "string" ? rule : rule[0]);
    if (value !== undefined) args[name] = value;
  }
  return args;

  function readOne(name: string, place: string): unknown {
    const text = query.get(name);
    switch (place) {
      case "path":
        return path[name];
      case "text":
        return text === null || text === "" ? undefined : text;
      case "number":
        return text === null || text === "" ? undefined : parseNumber(name, text);
      case "bool":
        return text === null ? undefined : parseBool(text);
      case "json":
        return text === null || text === "" ? undefined : parseJson(name, text);
      case "filters":
        return text === null || text === "" ? undefined : parseFilters(text);
      case "repeated":
        return query.has(name) ? query.getAll(name) : undefined;
      case "auth":
        return parseAuth(headers["x-registry-auth"]);
      case "auths":
        return parseAuth(headers["x-registry-config"]);
      default:
        return undefined;
    }
  }
}

/** Booleans of queries: empty, `0`, `no`, `false` and `none` are false, all else is true. */
export function parseBool(text: string): boolean {
  return !["", "0", "no", "false", "none"].includes(text.trim().toLowerCase());
}

function parseNumber(name: string, text: string): number {
  if (!/^-?\d+$/.test(text)) throw badRequest(`invalid value for query parameter "${name}": "${text}" is not a number`);
  return Number(text);
}

function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw badRequest(`invalid value for query parameter "${name}": it is not JSON`, cause);
  }
}

/** Filters in both encodings: `{"label":{"a=b":true}}` and, from older clients, `{"label":["a=b"]}`. */
export function parseFilters(text: string): Filters {
  const value = parseJson("filters", text);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw badRequest("invalid filter: not an object");
  const filters: Record<string, readonly string[]> = Object.create(null);
  for (const [key, values] of Object.entries(value)) {
    if (Array.isArray(values) && values.every((item) => typeof item === "string")) filters[key] = values;
    else if (typeof values === "object" && values !== null && !Array.isArray(values)) {
      filters[key] = Object.entries(values).flatMap(([item, isSet]) => (isSet === false ? [] : [item]));
    } else throw badRequest(`invalid filter '${key}'`);
  }
  return filters;
}

/** Base64 JSON in either alphabet; a client that has no credentials sends nothing, or an empty document. */
function parseAuth(header: string | string[] | undefined): unknown {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined || text === "") return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64").toString("utf8"));
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    // docker ignores what it cannot read here: the registry will say what it wants.
    return undefined;
  }
}

/**
 * The JSON body of a call. Empty is legal: undefined. EngineError 400, in docker's words, for another content type, for
 * what is not JSON and for bytes behind the document.
 */
export function parseBody(bytes: Buffer, contentType: string | undefined): unknown {
  const text = bytes.toString("utf8");
  if (text.trim() === "") return undefined;
  const media = (contentType ?? "").split(";")[0]?.trim().toLowerCase();
  if (media !== "application/json") {
    throw badRequest(`unsupported Content-Type header (${contentType ?? ""}): must be 'application/json'`);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const hasMore = cause instanceof SyntaxError && /after JSON/.test(cause.message);
    throw badRequest(
      hasMore ? "unexpected content after JSON" : `invalid JSON: ${String((cause as Error).message)}`,
      cause,
    );
  }
}
