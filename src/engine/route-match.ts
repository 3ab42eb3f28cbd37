/** Which call of the route table an HTTP request is. Pure; the inverse of request.ts. */

import type { Engine } from "./api.ts";
import { compareApi, newestApi, oldestApi } from "./api-version.ts";
import { badRequest, notFound } from "./refusal.ts";
import { type Route, routes } from "./routes.ts";

export interface Match {
  readonly name: keyof Engine;
  readonly route: Route;
  /** The arguments that stand in the path, decoded. */
  readonly path: Readonly<Record<string, string>>;
}

/** A request's target: its path without the version, the version that the client speaks, and the query. */
export interface Target {
  readonly path: string;
  readonly apiVersion: string;
  readonly query: URLSearchParams;
}

/**
 * Takes `/v1.41/containers/json?all=1` apart. A target without a version means the newest that is offered. EngineError 400 for a version
 * that is out of range, in docker's words.
 */
export function parseTarget(url: string, newest: string = newestApi): Target {
  const mark = url.indexOf("?");
  const whole = mark === -1 ? url : url.slice(0, mark);
  const query = new URLSearchParams(mark === -1 ? "" : url.slice(mark + 1));
  const [, version, rest] = /^\/v(\d+\.\d+)(\/.*)$/.exec(whole) ?? [];
  if (version === undefined || rest === undefined) return { path: whole, apiVersion: newest, query };
  if (compareApi(version, newest) > 0) {
    throw badRequest(`client version ${version} is too new. Maximum supported API version is ${newest}`);
  }
  if (compareApi(version, oldestApi) < 0) {
    throw badRequest(
      `client version ${version} is too old. Minimum supported API version is ${oldestApi}, please upgrade your client to a newer version`,
    );
  }
  return { path: rest, apiVersion: version, query };
}

/** The call of a method and a path, or undefined. `HEAD /_ping` is `GET /_ping`. */
export function matchRoute(method: string, { path, query }: Target): Match | undefined {
  const wanted = method === "HEAD" && path === "/_ping" ? "GET" : method;
  for (const { name, route, pattern, names } of patterns) {
    if (route.method !== wanted || (route.when !== undefined && !query.get(route.when))) continue;
    const found = pattern.exec(path);
    if (found === null) continue;
    return { name, route, path: Object.fromEntries(names.map((arg, i) => [arg, decode(found[i + 1] ?? "")])) };
  }
  return undefined;
}

interface Pattern {
  readonly name: keyof Engine;
  readonly route: Route;
  readonly pattern: RegExp;
  readonly names: readonly string[];
}

/** Literal paths before those with a name in them, and the special one of two equal paths first. */
const patterns: readonly Pattern[] = Object.entries(routes)
  .map(([name, route]: [string, Route]): Pattern => {
    const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, arg = ""]) => arg);
    // Names of images hold slashes; a container's may be given with one in front.
    const pattern = new RegExp(`^${route.path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "(.+)")}$`);
    return { name: name as keyof Engine, route, pattern, names };
  })
  .sort(
    (a, b) =>
      a.names.length - b.names.length || Number(b.route.when !== undefined) - Number(a.route.when !== undefined),
  );

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw notFound("page not found");
  }
}
