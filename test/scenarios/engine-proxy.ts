/** A socket in front of an engine, at which a test sees every call, and can let one come to nothing. */

import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, request, type ServerResponse } from "node:http";
import os from "node:os";
import path from "node:path";
import type { Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { parseAddress } from "../../src/engine/address.ts";
import { run } from "../engine/engines.ts";

/** One call to the engine. */
export interface Call {
  readonly method: string;
  readonly url: string;
  /** Whether it may change something. */
  readonly changes: boolean;
}

export interface EngineProxy {
  readonly url: string;
  /** Resolves when the engine has answered every call that it was given, also those whose caller is gone. */
  readonly settled: () => Promise<void>;
  readonly close: () => void;
}

/**
 * Asked twice about each call: before it is passed on, and before its answer is. With `false` nothing is, and the caller
 * waits in vain.
 */
export type Watch = (call: Call, moment: "before" | "after") => boolean;

let count = 0;

/**
 * Listens on a socket of its own, in front of an engine on a unix socket or at a plain TCP port. Calls that take the
 * connection over are passed on unwatched.
 */
export async function openEngineProxy(engine: string, watch: Watch): Promise<EngineProxy> {
  const address = parseAddress(engine);
  if (address.kind === "ssh") throw new Error("the proxy does not speak ssh");
  const place = address.kind === "unix" ? { socketPath: address.path } : { host: address.host, port: address.port };
  const socketPath = path.join(os.tmpdir(), `gantry-proxy-${run}-${++count}.sock`);
  const underWay = new Set<Promise<void>>();
  const server = createServer((incoming, outgoing) => {
    const exchange = pass(incoming, outgoing).finally(() => underWay.delete(exchange));
    underWay.add(exchange);
  });
  const hijacked = new Set<Duplex>();
  server.on("upgrade", ({ method, url, headers }: IncomingMessage, socket: Duplex) => {
    const onward = request({ ...place, method, path: url, headers, agent: false }).end();
    onward.once("upgrade", (_, source: Duplex, head: Buffer) => {
      socket.write("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
      socket.write(head);
      source.pipe(socket).pipe(source);
      for (const end of [source, socket]) hijacked.add(end.on("error", () => {}));
    });
  });
  server.listen(socketPath);
  await once(server, "listening");

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = "GET", url = "/", headers } = incoming;
    const call = { method, url, changes: method !== "GET" && method !== "HEAD" };
    if (!watch(call, "before")) return;
    try {
      // In one piece: an engine may answer, and close, before it has read the end of a body.
      const body = await buffer(incoming);
      const onward = request({ ...place, method, path: url, headers: ownHeaders(headers), agent: false }).end(body);
      // A stream of events has no end of its own: it goes with its caller.
      if (url.includes("/events")) outgoing.once("close", () => onward.destroy());
      const [answer] = await once(onward, "response");
      if (!watch(call, "after")) return void answer.resume();
      outgoing.writeHead(answer.statusCode, answer.headers);
      outgoing.flushHeaders();
      await pipeline(answer, outgoing);
    } catch {
      // The caller is gone, or the engine's answer broke off: so does the one that is passed on.
      outgoing.destroy();
    }
  }

  return {
    url: `unix://${socketPath}`,
    settled: async () => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    close: () => {
      server.close();
      server.closeAllConnections();
      for (const end of hijacked) end.destroy();
      rmSync(socketPath, { force: true });
    },
  };
}

/** Without what belongs to one connection only. */
function ownHeaders({ connection: _, ...headers }: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return headers;
}
