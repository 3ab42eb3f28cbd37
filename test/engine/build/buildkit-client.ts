/** A client of BuildKit's protocol for tests: a session that gives a directory in memory, and the calls of a build. */

import type { IncomingHttpHeaders } from "node:http";
import { duplexPair } from "node:stream";
import type { BuildsRoom } from "../../../src/engine/build/open-builds.ts";
import { GrpcError } from "../../../src/engine/buildkit/grpc.ts";
import { connectGrpc } from "../../../src/engine/buildkit/grpc-client.ts";
import { type GrpcMethod, serveGrpc, unary } from "../../../src/engine/buildkit/grpc-server.ts";
import * as messages from "../../../src/engine/buildkit/messages.ts";
import { decode, encode } from "../../../src/engine/buildkit/protobuf.ts";
import * as session from "../../../src/engine/buildkit/session-messages.ts";
import { parseIgnore } from "../../../src/engine/ignore.ts";

export interface ClientFile {
  readonly content: string | Buffer;
  /** Seconds of Unix time. */
  readonly mtime: number;
  readonly mode?: number;
}

export interface BuildkitClient {
  /** What the client has: it may change between builds. */
  readonly files: Map<string, ClientFile>;
  readonly secrets: Map<string, string>;
  /** Paths whose content was asked for since this was looked at last. */
  sent(): string[];
  /** A build from its options; rejects as the engine says. */
  build(
    options: Readonly<Record<string, string>>,
    exporter?: Readonly<Record<string, string>>,
    cache?: { readonly imports?: readonly CachePlace[]; readonly exports?: readonly CachePlace[] },
  ): Promise<BuildResult>;
  close(): void;
}

/** With its `type`. */
export type CachePlace = Readonly<Record<string, string>>;

const cacheEntry = ({ type = "", ...attributes }: CachePlace) => ({
  type,
  attributes: new Map(Object.entries(attributes)),
});

export interface BuildResult {
  readonly response: ReadonlyMap<string, string>;
  /** Of its vertices, in the order in which they were begun; `CACHED` before those that were. */
  readonly vertices: readonly string[];
  readonly log: string;
  readonly warnings: readonly string[];
}

export function openBuildkitClient({ tunnels }: BuildsRoom): BuildkitClient {
  const files = new Map<string, ClientFile>();
  const secrets = new Map<string, string>();
  let sent: string[] = [];
  const methods: [string, GrpcMethod][] = [
    [
      session.sessionPath.sendDirectory,
      (requests, { metadata }) => sendFiles(wantedOf(files, metadata), requests, (path) => sent.push(path)),
    ],
    [
      session.sessionPath.secret,
      unary(session.secretRequest, session.secretResponse, ({ id }) => {
        const found = secrets.get(id);
        if (found === undefined) throw new GrpcError(5, `secret ${id} not found`);
        return { data: Buffer.from(found) };
      }),
    ],
  ];
  const [ours, theirs] = duplexPair();
  serveGrpc(ours, new Map(methods));
  tunnels["/session"]?.(theirs, {
    "x-docker-expose-session-uuid": "test",
    "x-docker-expose-session-sharedkey": "shared",
    "x-docker-expose-session-grpc-method": methods.map(([path]) => path).join(","),
  });
  const [near, far] = duplexPair();
  tunnels["/grpc"]?.(far, {});
  const client = connectGrpc(near);
  let builds = 0;

  const watch = async (ref: string) => {
    const stream = client.open("/moby.buildkit.v1.Control/Status");
    await stream.send(encode(messages.statusRequest, { ref }));
    stream.end();
    const cached = new Map<string, boolean>();
    let log = "";
    const told: string[] = [];
    for await (const message of stream.messages) {
      const { vertexes, logs, warnings } = decode(messages.statusResponse, message);
      for (const vertex of vertexes) cached.set(vertex.name, vertex.cached);
      for (const { short } of warnings) told.push(short.toString("utf8"));
      for (const { data } of logs) log += data.toString("utf8");
    }
    return {
      log,
      warnings: told,
      vertices: Array.from(cached, ([name, isCached]) => (isCached ? `CACHED ${name}` : name)),
    };
  };

  return {
    files,
    secrets,
    sent: () => {
      const paths = sent;
      sent = [];
      return paths;
    },
    build: async (options, exporter = {}, { imports = [], exports = [] } = {}) => {
      const ref = `build-${++builds}`;
      const told = watch(ref);
      // Of a build that is refused it may not hear any more.
      told.catch(() => {});
      const solved = client.ask(
        "/moby.buildkit.v1.Control/Solve",
        { request: messages.solveRequest, response: messages.solveResponse },
        {
          ref,
          session: "test",
          frontend: "dockerfile.v0",
          frontendAttributes: new Map(Object.entries({ "force-network-mode": "none", ...options })),
          cache: { imports: imports.map(cacheEntry), exports: exports.map(cacheEntry) },
          exporters: [{ type: "moby", attributes: new Map(Object.entries(exporter)) }],
        },
      );
      const { exporterResponse: response } = await solved;
      return { response, ...(await told) };
    },
    close: () => {
      client.close();
      ours.destroy();
    },
  };
}

/** The files that were asked for: by their names, and not left out by a pattern. */
function wantedOf(files: ReadonlyMap<string, ClientFile>, metadata: IncomingHttpHeaders): Map<string, ClientFile> {
  const values = (name: string) =>
    String(metadata[name] ?? "")
      .split(", ")
      .filter((value) => value !== "");
  const only = values("followpaths");
  const rules = parseIgnore(values("exclude-patterns").join("\n"));
  const isWanted = (name: string) => (only.length === 0 || only.includes(name)) && !rules.ignores(name);
  return new Map([...files].filter(([name]) => isWanted(name)));
}

async function* sendFiles(
  files: ReadonlyMap<string, ClientFile>,
  requests: AsyncIterable<Buffer>,
  note: (path: string) => void,
): AsyncGenerator<Buffer, void, undefined> {
  const names = [...files.keys()].sort();
  for (const path of names) {
    const { content, mtime, mode = 0o644 } = files.get(path) ?? { content: "", mtime: 0 };
    const modTime = BigInt(mtime) * 1_000_000_000n;
    const stat = { path, mode, uid: 1000, gid: 1000, size: Buffer.byteLength(content), modTime };
    yield encode(session.packet, { type: session.packetType.stat, stat });
  }
  yield encode(session.packet, { type: session.packetType.stat });
  for await (const message of requests) {
    const { type, id } = decode(session.packet, message);
    if (type === session.packetType.end) {
      yield encode(session.packet, { type: session.packetType.end });
      return;
    }
    const path = names[id] ?? "";
    note(path);
    const data = Buffer.from(files.get(path)?.content ?? "");
    for (let at = 0; at < data.length; at += 32768)
      yield encode(session.packet, { type: session.packetType.data, id, data: data.subarray(at, at + 32768) });
    yield encode(session.packet, { type: session.packetType.data, id });
  }
}
