/** One HTTP exchange: sends a request and its body, and gives the answer when its headers are there. */

import type { ClientRequest, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { ByteSource } from "./api.ts";
import { describeFailure } from "./failure.ts";
import type { WireRequest } from "./request.ts";
import type { Transport } from "./transport.ts";

export interface Reply {
  readonly status: number;
  readonly response: IncomingMessage;
  /** The connection itself, where it was hijacked. */
  readonly socket?: Duplex;
  /** What the engine sent together with the headers of a hijacked connection. */
  readonly head?: Buffer;
  /** Why the exchange broke: the reason of the abort, the failure of the body's source, or the connection's, in words. */
  explain(error: unknown): unknown;
  /** Stops sending and frees the connection; for an answer that nobody will read to its end. */
  cut(): void;
}

/** A request as it is sent; a header may have several values. */
export interface Outgoing extends Omit<WireRequest, "headers"> {
  readonly headers: Readonly<Record<string, string | string[]>>;
}

interface Options {
  readonly signal?: AbortSignal | undefined;
  readonly hijack: boolean;
}

/**
 * Rejects with the signal's reason, with the error of the body's source, or with an EngineError without status where
 * the engine does not answer. The answer may come while the body is still being sent; a refusal (status 400 or more)
 * stops the sending.
 */
export function exchange(transport: Transport, wire: Outgoing, { signal, hijack }: Options): Promise<Reply> {
  return new Promise<Reply>((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const { method, path, headers, body } = wire;
    const request = transport.request({ method, path, headers }, hijack);
    let stopped: { readonly reason: unknown } | undefined;
    let connection: { destroy(): unknown } = request;
    const stop = (reason: unknown) => {
      stopped ??= { reason };
      connection.destroy();
    };
    const explain = (error: unknown) => (stopped ? stopped.reason : describeFailure(error, transport.address));
    const cut = () => void connection.destroy();
    const abort = () => stop(signal?.reason);
    const release = () => signal?.removeEventListener("abort", abort);
    signal?.addEventListener("abort", abort, { once: true });

    request.once("response", (response) => {
      // Errors reach whoever reads the answer; this keeps one that comes before the reader from ending the process.
      response.on("error", () => {});
      response.once("close", release);
      const status = response.statusCode ?? 0;
      resolve({ status, response, explain, cut, ...(hijack && status < 300 ? { socket: response.socket } : {}) });
    });
    request.once("upgrade", (response, socket: Duplex, head) => {
      connection = socket;
      socket.on("error", () => {});
      socket.once("close", release);
      // The abort may have come between the answer's arrival and now.
      if (stopped) socket.destroy();
      resolve({ status: response.statusCode ?? 0, response, socket, head, explain, cut });
    });
    request.on("error", (error) => {
      release();
      if (stopped === undefined && isStale(request, error)) {
        resolve(exchange(transport, wire, { signal, hijack }));
      } else reject(explain(error));
    });
    send(request, body).catch(stop);
  });
}

/**
 * Whether the engine had closed an idle connection at the moment when it was used again. Only reading calls are sent a
 * second time: nothing tells whether the engine has seen the first.
 */
function isStale(request: ClientRequest, error: Error): boolean {
  const broken = "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");
  return broken && request.reusedSocket && (request.method === "GET" || request.method === "HEAD");
}

/** Sends the body and ends the request. Resolves early when the connection ends or the engine refuses. */
async function send(request: ClientRequest, body: string | ByteSource | undefined): Promise<void> {
  if (body === undefined) return void request.end();
  if (typeof body === "string" || body instanceof Uint8Array) return void request.end(body);
  let over = false;
  let wake = () => {};
  const finish = () => {
    over = true;
    wake();
  };
  request.once("close", finish);
  request.once("response", ({ statusCode = 0 }) => {
    if (statusCode >= 400) finish();
  });
  request.on("drain", () => wake());
  for await (const chunk of body) {
    if (over) return;
    if (request.write(chunk)) continue;
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (over) resolve();
    });
    if (over) return;
  }
  request.end();
}
