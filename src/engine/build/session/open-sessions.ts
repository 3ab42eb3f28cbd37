/**
 * Sessions: connections on which a client answers what builds ask of it, for files, secrets, credentials and agents.
 * Source: moby/buildkit, session/manager.go.
 */

import type { IncomingHttpHeaders } from "node:http";
import type { Duplex } from "node:stream";
import { connectGrpc, type GrpcClient } from "../../buildkit/grpc-client.ts";
import { badRequest } from "../../refusal.ts";

export interface Session {
  readonly client: GrpcClient;
  /** What says that contexts of several sessions are the same directory. */
  readonly sharedKey: string;
  /** Whether the client answers a call of that path. */
  answers(path: string): boolean;
}

export interface Sessions {
  /** A client's connection becomes its session. */
  take(connection: Duplex, headers: IncomingHttpHeaders): void;
  /** The session of an ID; one that is not here yet is waited for, a few seconds. EngineError 400. */
  find(id: string, signal: AbortSignal): Promise<Session>;
}

/** Milliseconds: a build may be asked for before its session is here. */
const patience = 5000;

export function openSessions(): Sessions {
  const sessions = new Map<string, Session>();
  const waiting = new Map<string, Set<(session: Session) => void>>();
  return {
    take: (connection, headers) => {
      const id = String(headers["x-docker-expose-session-uuid"] ?? "");
      const methods = new Set(String(headers["x-docker-expose-session-grpc-method"] ?? "").split(/,\s*/));
      const client = connectGrpc(connection);
      const session: Session = {
        client,
        sharedKey: String(headers["x-docker-expose-session-sharedkey"] ?? ""),
        answers: (path) => methods.has(path),
      };
      sessions.set(id, session);
      void client.closed.then(() => {
        if (sessions.get(id) === session) sessions.delete(id);
      });
      for (const tell of waiting.get(id) ?? []) tell(session);
    },
    find: (id, signal) => {
      const known = sessions.get(id);
      if (known !== undefined) return Promise.resolve(known);
      return new Promise((resolve, reject) => {
        const settle = (finish: () => void) => {
          clearTimeout(timer);
          signal.removeEventListener("abort", abort);
          waiting.get(id)?.delete(tell);
          if (waiting.get(id)?.size === 0) waiting.delete(id);
          finish();
        };
        const tell = (session: Session) => settle(() => resolve(session));
        const abort = () => settle(() => reject(signal.reason));
        const timer = setTimeout(() => settle(() => reject(badRequest(`there is no session "${id}"`))), patience);
        signal.addEventListener("abort", abort, { once: true });
        waiting.set(id, (waiting.get(id) ?? new Set()).add(tell));
      });
    },
  };
}
