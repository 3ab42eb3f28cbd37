/** Makes gRPC calls on a connection. */

import { type ClientHttp2Stream, connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2";
import type { Duplex } from "node:stream";
import {
  connectionWindow,
  decodeStatusMessage,
  type ErrorDetail,
  endWith,
  GrpcError,
  grpcStatus,
  http2Settings,
  readMessages,
  sendMessage,
} from "./grpc.ts";
import { anyOfStatus } from "./messages.ts";
import { type Decoded, decode, type Encodable, encode, type Message } from "./protobuf.ts";

export interface GrpcClient {
  /** One question, one answer. GrpcError. */
  ask<const A extends Message, const B extends Message>(
    path: string,
    types: { readonly request: A; readonly response: B },
    request: Encodable<A>,
    options?: CallOptions,
  ): Promise<Decoded<B>>;
  /** Messages in both directions. */
  open(path: string, options?: CallOptions): GrpcStream;
  /** Resolves when the connection is over. */
  readonly closed: Promise<void>;
  close(): void;
}

export interface CallOptions {
  readonly metadata?: Readonly<Record<string, string | readonly string[]>>;
  readonly signal?: AbortSignal;
}

export interface GrpcStream {
  /** Until the other side ends the call; GrpcError where it does not end well. Leaving early gives the call up. */
  readonly messages: AsyncIterable<Buffer>;
  send(message: Uint8Array): Promise<void> | void;
  /** There is nothing more to send. */
  end(): void;
}

export function connectGrpc(connection: Duplex): GrpcClient {
  const session = connect("http://localhost", { createConnection: () => connection, settings: http2Settings });
  session.once("connect", () => session.setLocalWindowSize(connectionWindow));
  endWith(connection, session);
  const closed = new Promise<void>((resolve) => session.once("close", () => resolve()));

  const open = (path: string, { metadata = {}, signal }: CallOptions = {}): GrpcStream => {
    if (session.closed || session.destroyed) throw new GrpcError(grpcStatus.unavailable, "the connection is closed");
    const headers: OutgoingHttpHeaders = {
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
    };
    for (const [name, value] of Object.entries(metadata))
      headers[name] = typeof value === "string" ? value : [...value];
    const stream = session.request(headers, { ...(signal !== undefined && { signal }) });
    const ending = endOf(stream);
    ending.catch(() => {});
    return {
      send: (message) => sendMessage(stream, message),
      end: () => void stream.end(),
      messages: (async function* () {
        try {
          yield* readMessages(stream);
        } catch (error) {
          if (signal?.aborted) throw signal.reason;
          // Why the stream broke off is said by how the call ended.
          await ending;
          throw error;
        } finally {
          if (!stream.readableEnded) stream.close();
        }
        await ending;
      })(),
    };
  };

  return {
    open,
    closed,
    close: () => session.destroy(),
    ask: async (path, { request: requestType, response }, request, options) => {
      const stream = open(path, options);
      await stream.send(encode(requestType, request));
      stream.end();
      let answer: Buffer | undefined;
      for await (const message of stream.messages) answer = message;
      if (answer === undefined) throw new GrpcError(grpcStatus.unknown, `${path} ended without an answer`);
      return decode(response, answer);
    },
  };
}

/** Resolves where a call ends well; rejects with a GrpcError else. */
function endOf(stream: ClientHttp2Stream): Promise<void> {
  return new Promise((resolve, reject) => {
    let status: string | undefined;
    let message = "";
    let details: readonly ErrorDetail[] = [];
    const read = (headers: IncomingHttpHeaders) => {
      const { "grpc-status": code, "grpc-message": said, "grpc-status-details-bin": more } = headers;
      if (typeof more === "string") details = decode(anyOfStatus, Buffer.from(more, "base64")).details;
      if (typeof code === "string") status = code;
      if (typeof said === "string") message = decodeStatusMessage(said);
    };
    stream.once("response", (headers) => {
      read(headers);
      if (headers[":status"] !== 200) message ||= `the other side answers with the HTTP status ${headers[":status"]}`;
    });
    stream.once("trailers", read);
    stream.on("error", (error: Error) => (message ||= error.message));
    stream.once("close", () => {
      if (status === String(grpcStatus.ok)) resolve();
      else if (status === undefined)
        reject(new GrpcError(grpcStatus.unavailable, message || "the connection was closed"));
      else reject(new GrpcError(Number(status), message, { details }));
    });
  });
}
