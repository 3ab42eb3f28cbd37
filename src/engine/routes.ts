/**
 * The route table: which HTTP call each method of `Engine` is. The client is derived from it (client.ts) and holds no
 * per-call code; a server can be derived from it likewise.
 * Source: https://docs.docker.com/reference/api/engine/version/v1.51/
 */

import type { Archive, ByteSource, Connection, Engine, Frame, PathStat } from "./api.ts";

/**
 * Where an argument goes: `path` fills `{name}` of the template; `text`, `number`, `bool` (1 or 0), `json`, `filters` (JSON
 * that comes in two forms) and `repeated` are query
 * parameters of the argument's own name; `body` is the JSON body, `stream` the raw one; `auth` and `auths` are the
 * headers X-Registry-Auth and X-Registry-Config; `local` is not sent.
 */
export type Place =
  | "path"
  | "text"
  | "number"
  | "bool"
  | "json"
  | "filters"
  | "repeated"
  | "body"
  | "stream"
  | "auth"
  | "auths"
  | "local";

/** A place, or a place and the API version that brought the argument: it is not sent to an engine that speaks less. */
export type Rule<P extends Place = Place> = P | readonly [P, `1.${number}`];

/**
 * `none`: nothing worth reading; `json`: one document; `lines`: JSON lines as they come; `frames`: multiplexed output, or a
 * TTY's plain bytes; `bytes`: as they are; `stat`: a header that describes a file, `archive`: the same with the file's tar;
 * `hijack`: the connection becomes a two-way stream.
 */
export type Answer = "none" | "json" | "lines" | "frames" | "bytes" | "stat" | "archive" | "hijack";

/** The header in which the calls for archives describe the file. */
export const statHeader = "X-Docker-Container-Path-Stat";

export interface Route {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly args: Readonly<Record<string, Rule>>;
  /** The statuses that mean success; the first one is the usual. */
  readonly status: readonly number[];
  readonly answer: Answer;
  /** The path takes no `/v1.NN` before it, and the call needs no negotiation. */
  readonly unversioned?: true;
  /** The answer's headers go out at once, before there is anything to tell. */
  readonly flush?: true;
  /** Tells apart two calls of one method and path: this query parameter is there. */
  readonly when?: string;
}

type PlaceOf<T> = T extends boolean
  ? "bool" | "local"
  : T extends number
    ? "number"
    : T extends string
      ? "path" | "text"
      : T extends ByteSource
        ? "stream"
        : T extends readonly string[]
          ? "repeated" | "json"
          : "json" | "filters" | "body" | "auth" | "auths";

type AnswerOf<T> = T extends Connection
  ? "hijack"
  : T extends PathStat
    ? "stat"
    : T extends Archive
      ? "archive"
      : T extends AsyncIterable<infer Item>
        ? Item extends Frame
          ? "frames"
          : Item extends Buffer
            ? "bytes"
            : "lines"
        : T extends object
          ? "json"
          : "none";

type ArgsOf<M extends keyof Engine> = NonNullable<Parameters<Engine[M]>[0]>;

/** The route of one method: every argument has a place that suits its type, and the answer suits the method's result. */
interface RouteOf<M extends keyof Engine> extends Route {
  readonly args: { readonly [A in keyof ArgsOf<M>]-?: Rule<PlaceOf<NonNullable<ArgsOf<M>[A]>>> };
  readonly answer: AnswerOf<Awaited<ReturnType<Engine[M]>>>;
}

export const routes: { readonly [M in keyof Engine]: RouteOf<M> } = {
  ping: { method: "GET", path: "/_ping", args: {}, status: [200], answer: "none", unversioned: true },
  version: { method: "GET", path: "/version", args: {}, status: [200], answer: "json" },
  info: { method: "GET", path: "/info", args: {}, status: [200], answer: "json" },
  events: {
    method: "GET",
    path: "/events",
    args: { since: "text", until: "text", filters: "filters" },
    status: [200],
    answer: "lines",
    flush: true,
  },

  containerList: {
    method: "GET",
    path: "/containers/json",
    args: { all: "bool", limit: "number", size: "bool", filters: "filters" },
    status: [200],
    answer: "json",
  },
  containerCreate: {
    method: "POST",
    path: "/containers/create",
    args: { name: "text", platform: ["text", "1.41"], body: "body" },
    status: [201],
    answer: "json",
  },
  containerInspect: {
    method: "GET",
    path: "/containers/{id}/json",
    args: { id: "path", size: "bool" },
    status: [200],
    answer: "json",
  },
  containerStart: {
    method: "POST",
    path: "/containers/{id}/start",
    args: { id: "path", detachKeys: "text" },
    status: [204, 304],
    answer: "none",
  },
  containerStop: {
    method: "POST",
    path: "/containers/{id}/stop",
    args: { id: "path", t: "number", signal: ["text", "1.42"] },
    status: [204, 304],
    answer: "none",
  },
  containerRestart: {
    method: "POST",
    path: "/containers/{id}/restart",
    args: { id: "path", t: "number", signal: ["text", "1.42"] },
    status: [204],
    answer: "none",
  },
  containerKill: {
    method: "POST",
    path: "/containers/{id}/kill",
    args: { id: "path", signal: "text" },
    status: [204],
    answer: "none",
  },
  containerPause: {
    method: "POST",
    path: "/containers/{id}/pause",
    args: { id: "path" },
    status: [204],
    answer: "none",
  },
  containerUnpause: {
    method: "POST",
    path: "/containers/{id}/unpause",
    args: { id: "path" },
    status: [204],
    answer: "none",
  },
  containerRename: {
    method: "POST",
    path: "/containers/{id}/rename",
    args: { id: "path", name: "text" },
    status: [204],
    answer: "none",
  },
  containerUpdate: {
    method: "POST",
    path: "/containers/{id}/update",
    args: { id: "path", body: "body" },
    status: [200],
    answer: "json",
  },
  containerRemove: {
    method: "DELETE",
    path: "/containers/{id}",
    args: { id: "path", v: "bool", force: "bool", link: "bool" },
    status: [204],
    answer: "none",
  },
  containerWait: {
    method: "POST",
    path: "/containers/{id}/wait",
    args: { id: "path", condition: ["text", "1.30"] },
    status: [200],
    answer: "json",
  },
  containerTop: {
    method: "GET",
    path: "/containers/{id}/top",
    args: { id: "path", ps_args: "text" },
    status: [200],
    answer: "json",
  },
  containerLogs: {
    method: "GET",
    path: "/containers/{id}/logs",
    args: {
      id: "path",
      tty: "local",
      follow: "bool",
      stdout: "bool",
      stderr: "bool",
      since: "text",
      until: ["text", "1.35"],
      timestamps: "bool",
      tail: "text",
      details: "bool",
    },
    status: [200],
    answer: "frames",
  },
  containerAttach: {
    method: "POST",
    path: "/containers/{id}/attach",
    args: {
      id: "path",
      tty: "local",
      stream: "bool",
      stdin: "bool",
      stdout: "bool",
      stderr: "bool",
      logs: "bool",
      detachKeys: "text",
    },
    status: [101, 200],
    answer: "hijack",
  },
  containerResize: {
    method: "POST",
    path: "/containers/{id}/resize",
    args: { id: "path", h: "number", w: "number" },
    status: [200],
    answer: "none",
  },
  containerArchivePut: {
    method: "PUT",
    path: "/containers/{id}/archive",
    args: {
      id: "path",
      path: "text",
      noOverwriteDirNonDir: "bool",
      copyUIDGID: "bool",
      whiteouts: "bool",
      stream: "stream",
    },
    status: [200],
    answer: "none",
  },
  containerArchiveGet: {
    method: "GET",
    path: "/containers/{id}/archive",
    args: { id: "path", path: "text" },
    status: [200],
    answer: "archive",
  },
  containerArchiveStat: {
    method: "HEAD",
    path: "/containers/{id}/archive",
    args: { id: "path", path: "text" },
    status: [200],
    answer: "stat",
  },
  containerChanges: {
    method: "GET",
    path: "/containers/{id}/changes",
    args: { id: "path" },
    status: [200],
    answer: "json",
  },
  containerExport: {
    method: "GET",
    path: "/containers/{id}/export",
    args: { id: "path" },
    status: [200],
    answer: "bytes",
  },
  containerStats: {
    method: "GET",
    path: "/containers/{id}/stats",
    args: { id: "path", stream: "bool", "one-shot": ["bool", "1.41"] },
    status: [200],
    answer: "lines",
    flush: true,
  },
  containerCommit: {
    method: "POST",
    path: "/commit",
    args: {
      container: "text",
      repo: "text",
      tag: "text",
      comment: "text",
      author: "text",
      pause: "bool",
      changes: "repeated",
      body: "body",
    },
    status: [201],
    answer: "json",
  },
  containerPrune: {
    method: "POST",
    path: "/containers/prune",
    args: { filters: "filters" },
    status: [200],
    answer: "json",
  },

  execCreate: {
    method: "POST",
    path: "/containers/{id}/exec",
    args: { id: "path", body: "body" },
    status: [201],
    answer: "json",
  },
  execStart: {
    method: "POST",
    path: "/exec/{id}/start",
    args: { id: "path", tty: "local", body: "body" },
    status: [101, 200],
    answer: "hijack",
  },
  execResize: {
    method: "POST",
    path: "/exec/{id}/resize",
    args: { id: "path", h: "number", w: "number" },
    status: [200, 201],
    answer: "none",
  },
  execInspect: { method: "GET", path: "/exec/{id}/json", args: { id: "path" }, status: [200], answer: "json" },

  imageList: {
    method: "GET",
    path: "/images/json",
    args: { all: "bool", filters: "filters", digests: "bool", "shared-size": ["bool", "1.42"] },
    status: [200],
    answer: "json",
  },
  imageInspect: {
    method: "GET",
    path: "/images/{name}/json",
    args: { name: "path", manifests: ["bool", "1.48"] },
    status: [200],
    answer: "json",
  },
  imagePull: {
    method: "POST",
    path: "/images/create",
    args: { fromImage: "text", tag: "text", platform: ["text", "1.32"], auth: "auth" },
    status: [200],
    answer: "lines",
  },
  imageImport: {
    method: "POST",
    path: "/images/create",
    args: { fromSrc: "text", repo: "text", tag: "text", message: "text", changes: "repeated", stream: "stream" },
    status: [200],
    answer: "lines",
    when: "fromSrc",
  },
  imageTag: {
    method: "POST",
    path: "/images/{name}/tag",
    args: { name: "path", repo: "text", tag: "text" },
    status: [201],
    answer: "none",
  },
  imageRemove: {
    method: "DELETE",
    path: "/images/{name}",
    args: { name: "path", force: "bool", noprune: "bool" },
    status: [200],
    answer: "json",
  },
  imageHistory: {
    method: "GET",
    path: "/images/{name}/history",
    args: { name: "path" },
    status: [200],
    answer: "json",
  },
  imagePrune: { method: "POST", path: "/images/prune", args: { filters: "filters" }, status: [200], answer: "json" },
  imagePush: {
    method: "POST",
    path: "/images/{name}/push",
    args: { name: "path", tag: "text", auth: "auth" },
    status: [200],
    answer: "lines",
  },
  imageLoad: {
    method: "POST",
    path: "/images/load",
    args: { quiet: "bool", stream: "stream" },
    status: [200],
    answer: "lines",
  },
  imageSave: { method: "GET", path: "/images/get", args: { names: "repeated" }, status: [200], answer: "bytes" },
  imageSaveOne: {
    method: "GET",
    path: "/images/{name}/get",
    args: { name: "path" },
    status: [200],
    answer: "bytes",
  },
  imageBuild: {
    method: "POST",
    path: "/build",
    args: {
      stream: "stream",
      t: "repeated",
      dockerfile: "text",
      extrahosts: "repeated",
      remote: "text",
      q: "bool",
      nocache: "bool",
      cachefrom: "json",
      pull: "bool",
      rm: "bool",
      forcerm: "bool",
      memory: "number",
      memswap: "number",
      cpushares: "number",
      cpusetcpus: "text",
      cpuperiod: "number",
      cpuquota: "number",
      buildargs: "json",
      shmsize: "number",
      labels: "json",
      networkmode: "text",
      platform: ["text", "1.32"],
      target: ["text", "1.29"],
      ulimits: "json",
      version: ["text", "1.38"],
      session: ["text", "1.31"],
      buildid: ["text", "1.39"],
      auths: "auths",
    },
    status: [200],
    answer: "lines",
  },
  buildCancel: {
    method: "POST",
    path: "/build/cancel",
    args: { id: "text" },
    status: [200],
    answer: "none",
  },
  buildPrune: {
    method: "POST",
    path: "/build/prune",
    args: { all: ["bool", "1.39"], filters: ["filters", "1.39"], "keep-storage": ["number", "1.39"] },
    status: [200],
    answer: "json",
  },
  distributionInspect: {
    method: "GET",
    path: "/distribution/{name}/json",
    args: { name: "path", auth: "auth" },
    status: [200],
    answer: "json",
  },
  registryLogin: { method: "POST", path: "/auth", args: { body: "body" }, status: [200], answer: "json" },

  networkList: { method: "GET", path: "/networks", args: { filters: "filters" }, status: [200], answer: "json" },
  networkInspect: {
    method: "GET",
    path: "/networks/{id}",
    args: { id: "path", verbose: ["bool", "1.28"], scope: ["text", "1.31"] },
    status: [200],
    answer: "json",
  },
  networkCreate: { method: "POST", path: "/networks/create", args: { body: "body" }, status: [201], answer: "json" },
  // Podman answers 200, docker 204.
  networkRemove: {
    method: "DELETE",
    path: "/networks/{id}",
    args: { id: "path" },
    status: [204, 200],
    answer: "none",
  },
  networkConnect: {
    method: "POST",
    path: "/networks/{id}/connect",
    args: { id: "path", body: "body" },
    status: [200],
    answer: "none",
  },
  networkDisconnect: {
    method: "POST",
    path: "/networks/{id}/disconnect",
    args: { id: "path", body: "body" },
    status: [200],
    answer: "none",
  },
  networkPrune: {
    method: "POST",
    path: "/networks/prune",
    args: { filters: "filters" },
    status: [200],
    answer: "json",
  },

  volumeList: { method: "GET", path: "/volumes", args: { filters: "filters" }, status: [200], answer: "json" },
  volumeInspect: { method: "GET", path: "/volumes/{name}", args: { name: "path" }, status: [200], answer: "json" },
  volumeCreate: { method: "POST", path: "/volumes/create", args: { body: "body" }, status: [201], answer: "json" },
  volumeRemove: {
    method: "DELETE",
    path: "/volumes/{name}",
    args: { name: "path", force: "bool" },
    status: [204],
    answer: "none",
  },
  volumePrune: { method: "POST", path: "/volumes/prune", args: { filters: "filters" }, status: [200], answer: "json" },

  systemDf: { method: "GET", path: "/system/df", args: { type: ["repeated", "1.42"] }, status: [200], answer: "json" },
};
