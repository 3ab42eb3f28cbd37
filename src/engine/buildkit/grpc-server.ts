/** Answers gRPC calls on a connection. */

import { type IncomingHttpHeaders, performServerHandshake, type ServerHttp2Stream } from "node:http2";
import type { Duplex } from "node:stream";
import {
  connectionWindow,
  encodeStatusMessage,
  endWith,
  GrpcError,
  grpcStatus,
  http2Settings,
  readMessages,
  sendMessage,
} from "./grpc.ts";
import { anyOfStatus } from "./messages.ts";
import { type Decoded, decode, type Encodable, encode, type Message } from "./protobuf.ts";

export interface GrpcCall {
  readonly metadata: IncomingHttpHeaders;
  /** Aborted when the other side gives the call up, or is gone. */
  readonly signal: AbortSignal;
}

/** Answers one call: what is asked, as it comes, and the answers. A GrpcError is told as it is, any other error by its message. */
export type GrpcMethod = (requests: AsyncIterable<Buffer>, call: GrpcCall) => AsyncIterable<Uint8Array>;

/** A call of one question and one answer. */
export function unary<const A extends Message, const B extends Message>(
  request: A,
  response: B,
  answer: (request: Decoded<A>, call: GrpcCall) => Promise<Encodable<B>> | Encodable<B>,
): GrpcMethod {
  return async function* (requests, call) {
    yield encode(response, await answer(decode(request, await only(requests)), call));
  };
}

/** A call of one question and any number of answers. */
export function answers<const A extends Message, const B extends Message>(
  request: A,
  response: B,
  answer: (request: Decoded<A>, call: GrpcCall) => AsyncIterable<Encodable<B>>,
): GrpcMethod {
  return async function* (requests, call) {
    for await (const one of answer(decode(request, await only(requests)), call)) yield encode(response, one);
  };
}

async function only(requests: AsyncIterable<Buffer>): Promise<Buffer> {
  for await (const request of requests) return request;
  throw new GrpcError(grpcStatus.invalidArgument, "the call has no message");
}

/** `methods`: by path, `/package.Service/Method`. Returns when the connection is open; `closed` resolves when it is over. */
export function serveGrpc(connection: Duplex, methods: ReadonlyMap<string, GrpcMethod>): { closed: Promise<void> } {
  const session = performServerHandshake(connection, { settings: http2Settings });
  session.setLocalWindowSize(connectionWindow);
  endWith(connection, session);
  session.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on("error", () => {});
    const method = methods.get(headers[":path"] ?? "");
    answer(stream, headers, method).catch((error: unknown) => endWithError(stream, error));
  });
  return { closed: new Promise((resolve) => session.once("close", resolve)) };
}

async function answer(
  stream: ServerHttp2Stream,
  metadata: IncomingHttpHeaders,
  method: GrpcMethod | undefined,
): Promise<void> {
  if (method === undefined) {
    throw new GrpcError(grpcStatus.unimplemented, `this engine does not have the call ${metadata[":path"]}`);
  }
  const gone = new AbortController();
  stream.once("close", () => gone.abort(new GrpcError(grpcStatus.canceled, "the call was given up")));
  let begun = false;
  for await (const message of method(readMessages(stream), { metadata, signal: gone.signal })) {
    if (!begun) respond(stream);
    begun = true;
    await sendMessage(stream, message);
  }
  if (!begun) respond(stream);
  end(stream, { "grpc-status": String(grpcStatus.ok) });
}

const head = { ":status": 200, "content-type": "application/grpc" };

function respond(stream: ServerHttp2Stream): void {
  if (!stream.destroyed && !stream.headersSent) stream.respond(head, { waitForTrailers: true });
}

function end(stream: ServerHttp2Stream, trailers: Readonly<Record<string, string>>): void {
  if (stream.destroyed) return;
  // What the other side still sends is of no use to anybody.
  stream.resume();
  if (!stream.headersSent) {
    stream.respond({ ...head, ...trailers }, { endStream: true });
    return;
  }
  stream.once("wantTrailers", () => stream.sendTrailers(trailers));
  stream.end();
}

function endWithError(stream: ServerHttp2Stream, error: unknown): void {
  const known = error instanceof GrpcError ? error : undefined;
  const message = error instanceof Error ? error.message : String(error);
  const code = known?.code ?? grpcStatus.unknown;
  const details = known?.details ?? [];
  const status = encode(anyOfStatus, { code, message, details });
  end(stream, {
    "grpc-status": String(code),
    "grpc-message": encodeStatusMessage(message),
    ...(details.length > 0 && { "grpc-status-details-bin": status.toString("base64").replace(/=+$/, "") }),
  });
}
