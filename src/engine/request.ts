/** A call as an HTTP request. Pure: what goes where is in routes.ts. */

import type { ByteSource } from "./api.ts";
import { compareApi } from "./api-version.ts";
import type { Place, Route } from "./routes.ts";

export interface WireRequest {
  readonly method: Route["method"];
  /** With version and query: `/v1.41/containers/json?all=1`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What to send: a JSON text, or bytes. */
  readonly body?: string | ByteSource;
}

/**
 * The request of one call. `apiVersion` is the negotiated version; arguments that are undefined, or too new for it, are
 * left out.
 */
export function renderRequest(route: Route, args: Readonly<Record<string, unknown>>, apiVersion: string): WireRequest {
  let path = route.unversioned ? route.path : `/v${apiVersion}${route.path}`;
  const query = new URLSearchParams();
  const headers: Record<string, string> = {};
  let body: string | ByteSource | undefined;
  for (const [name, rule] of Object.entries(route.args)) {
    const value = args[name];
    if (value === undefined) continue;
    const [place, since] = typeof rule === "string" ? [rule, undefined] : rule;
    if (since !== undefined && compareApi(apiVersion, since) < 0) continue;
    if (place === "path") path = path.replace(`{${name}}`, () => encodePath(String(value)));
    else if (place === "body") {
      body = JSON.stringify(value);
      headers["Content-Type"] = "application/json";
    } else if (place === "stream") {
      body = value as ByteSource;
      headers["Content-Type"] = "application/x-tar";
    } else if (place === "auth") headers["X-Registry-Auth"] = encodeAuth(value);
    else if (place === "auths") headers["X-Registry-Config"] = encodeAuth(value);
    else for (const text of encodeQuery(place, value)) query.append(name, text);
  }
  if (route.answer === "hijack") {
    headers.Connection = "Upgrade";
    headers.Upgrade = "tcp";
  }
  return {
    method: route.method,
    path: query.size === 0 ? path : `${path}?${query}`,
    headers,
    ...(body === undefined ? {} : { body }),
  };
}

/** The query values of one argument: one, several (`repeated`) or none (`local`). */
function encodeQuery(place: Place, value: unknown): readonly string[] {
  if (place === "text" || place === "number") return [String(value)];
  if (place === "bool") return [value ? "1" : "0"];
  if (place === "json" || place === "filters") return [JSON.stringify(value)];
  if (place === "repeated" && Array.isArray(value)) return value.map(String);
  return [];
}

/** Slashes and colons of image names stand as they are; podman's router does not decode `%2F`. */
function encodePath(value: string): string {
  return encodeURIComponent(value).replaceAll("%2F", "/").replaceAll("%3A", ":");
}

/** Base64 in the URL alphabet, with the padding that Go's decoder insists on. */
function encodeAuth(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}
