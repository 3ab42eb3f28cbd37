/**
 * A build's session, from the client's side: the engine asks on this connection for files, secrets, agents and
 * credentials. Source: moby/buildkit, session/.
 */

import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Duplex } from "node:stream";
import type { RegistryAuth } from "../api.ts";
import type { BuildSecret } from "../build-order.ts";
import { GrpcError, grpcStatus } from "../buildkit/grpc.ts";
import { type GrpcMethod, serveGrpc, unary } from "../buildkit/grpc-server.ts";
import { empty } from "../buildkit/messages.ts";
import { decode, encode } from "../buildkit/protobuf.ts";
import * as messages from "../buildkit/session-messages.ts";
import { vantageOf } from "../buildkit/vantage.ts";
import { type Directory, readFilter, sendDirectory } from "./send-directory.ts";
import type { SshAgents } from "./ssh-agents.ts";

export interface Offer {
  readonly directories: ReadonlyMap<string, Directory>;
  readonly secrets: readonly BuildSecret[];
  readonly agents: SshAgents;
  /** For a registry's host. */
  readonly credentials: (host: string) => Promise<RegistryAuth | undefined>;
}

const { sessionPath } = messages;

/** The headers with which a session is asked for. `sharedKey`: says that contexts of several sessions are the same. */
export const sessionHeaders = (id: string, sharedKey: string): Readonly<Record<string, string | string[]>> => ({
  "X-Docker-Expose-Session-Uuid": id,
  "X-Docker-Expose-Session-Name": "gantry",
  "X-Docker-Expose-Session-Sharedkey": sharedKey,
  "X-Docker-Expose-Session-Grpc-Method": [
    messages.healthPath,
    sessionPath.sendDirectory,
    sessionPath.place,
    sessionPath.credentials,
    sessionPath.secret,
    sessionPath.checkAgent,
    sessionPath.forwardAgent,
  ],
});

/** Answers until the connection is over. */
export function serveSession(connection: Duplex, { directories, secrets, agents, credentials }: Offer): void {
  const known = new Map(secrets.map((secret) => [secret.id, secret]));
  const methods: readonly (readonly [string, GrpcMethod])[] = [
    // The engine takes a session that does not answer this for a dead one.
    [messages.healthPath, unary(empty, messages.healthResponse, () => ({ status: messages.serving }))],
    [
      sessionPath.sendDirectory,
      (requests, { metadata }) => {
        const name = String(metadata["dir-name"] ?? "");
        const directory = directories.get(name);
        if (directory === undefined) throw new GrpcError(grpcStatus.notFound, `there is no directory "${name}"`);
        return sendDirectory(directory, readFilter(metadata), requests);
      },
    ],
    [
      sessionPath.place,
      unary(messages.placeRequest, messages.placeResponse, ({ name }) => {
        const directory = directories.get(name);
        const vantage = vantageOf();
        if (directory === undefined || !("path" in directory) || vantage === undefined)
          return missing(`the directory "${name}" has no place`);
        const path = resolve(directory.path);
        const { dev, ino } = statSync(path, { bigint: true });
        return { path, vantage, device: dev, inode: ino };
      }),
    ],
    [
      sessionPath.secret,
      unary(messages.secretRequest, messages.secretResponse, ({ id }) => {
        const { file, content = "" } = known.get(id) ?? missing(`secret ${id} not found`);
        return { data: file === undefined ? Buffer.from(content) : readFileSync(file) };
      }),
    ],
    [
      sessionPath.credentials,
      unary(messages.credentialsRequest, messages.credentialsResponse, async ({ host }) => {
        const { username, password, identitytoken } = (await credentials(host)) ?? {};
        if (identitytoken !== undefined) return { secret: identitytoken };
        return { ...(username !== undefined && { username }), ...(password !== undefined && { secret: password }) };
      }),
    ],
    [
      sessionPath.checkAgent,
      unary(messages.checkAgentRequest, empty, ({ id }) =>
        agents.has(id || "default") ? {} : missing(`unset ssh forward key ${id}`),
      ),
    ],
    [sessionPath.forwardAgent, (requests, { metadata }) => forward(agents, metadata["buildkit.ssh.id"], requests)],
  ];
  serveGrpc(connection, new Map(methods));
}

function missing(what: string): never {
  throw new GrpcError(grpcStatus.notFound, what);
}

async function* forward(
  agents: SshAgents,
  id: string | string[] | undefined,
  requests: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  const socket = agents.open(String(id || "default"));
  const toAgent = async () => {
    for await (const request of requests) socket.write(decode(messages.bytesMessage, request).data);
    socket.end();
  };
  // Either side may go at any time: then the other one does too.
  toAgent().catch(() => socket.destroy());
  try {
    for await (const data of socket) yield encode(messages.bytesMessage, { data });
  } finally {
    socket.destroy();
  }
}
