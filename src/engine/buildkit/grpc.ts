/**
 * What both ends of a gRPC connection have in common: messages in frames, and how calls end.
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */

import type { Http2Session, Http2Stream, Settings } from "node:http2";
import type { Duplex } from "node:stream";

/** Source: https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
export const grpcStatus = {
  ok: 0,
  canceled: 1,
  unknown: 2,
  invalidArgument: 3,
  notFound: 5,
  permissionDenied: 7,
  failedPrecondition: 9,
  unimplemented: 12,
  unavailable: 14,
} as const;

export interface ErrorDetail {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

/** A call that did not end well, on either side. */
export class GrpcError extends Error {
  override readonly name = "GrpcError";
  readonly code: number;
  /** What a program may know beside the message. */
  readonly details: readonly ErrorDetail[];
  constructor(code: number, message: string, options?: ErrorOptions & { readonly details?: readonly ErrorDetail[] }) {
    super(message, options);
    this.code = code;
    this.details = options?.details ?? [];
  }
}

const largestMessage = 64 * 1024 * 1024;
/** Bytes that may be under way in one direction before they are read. */
const window = 8 * 1024 * 1024;

export const http2Settings: Settings = {
  initialWindowSize: window,
  maxFrameSize: 256 * 1024,
  enablePush: false,
  maxHeaderListSize: 1024 * 1024,
};

/** The window of a whole connection: not among the settings. */
export const connectionWindow = 2 * window;

/**
 * Ends a session when the other side is gone, and with an error of the connection: its calls hear of it. The half of the
 * connection that leads there may be open for long, which HTTP/2 has no use for.
 */
export function endWith(connection: Duplex, session: Http2Session): void {
  session.on("error", () => session.destroy());
  connection.once("end", () => session.destroy());
}

/**
 * Writes a message; resolves when there is room for more. What is written at once goes in one piece: a socket has room for few
 * small ones, however small. Rejects with GrpcError where the stream is closed.
 */
export function sendMessage(stream: Http2Stream, message: Uint8Array): Promise<void> | void {
  if (stream.destroyed || stream.writableEnded) throw new GrpcError(grpcStatus.canceled, "the call is over");
  const head = Buffer.allocUnsafe(5);
  head[0] = 0;
  head.writeUInt32BE(message.length, 1);
  stream.cork();
  process.nextTick(() => stream.uncork());
  stream.write(head);
  const hasRoom = message.length === 0 || stream.write(message);
  if (hasRoom) return;
  return new Promise((resolve) => {
    const settle = () => {
      stream.off("drain", settle);
      stream.off("close", settle);
      resolve();
    };
    stream.on("drain", settle);
    stream.on("close", settle);
  });
}

/** The messages that come in, until the other side has no more. Throws GrpcError for what is none. */
export async function* readMessages(stream: Http2Stream): AsyncGenerator<Buffer, void, undefined> {
  let pending: Buffer[] = [];
  let length = 0;
  let wanted = 5;
  // Whoever stops reading may still have something to say.
  for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    pending.push(chunk);
    length += chunk.length;
    if (length < wanted) continue;
    const bytes = pending.length === 1 ? chunk : Buffer.concat(pending);
    let at = 0;
    wanted = 5;
    while (bytes.length - at >= wanted) {
      if (bytes[at] !== 0) throw new GrpcError(grpcStatus.unimplemented, "messages must not be compressed");
      const size = bytes.readUInt32BE(at + 1);
      if (size > largestMessage)
        throw new GrpcError(grpcStatus.invalidArgument, `a message of ${size} bytes is too large`);
      wanted = 5 + size;
      if (bytes.length - at < wanted) break;
      yield bytes.subarray(at + 5, at + wanted);
      at += wanted;
      wanted = 5;
    }
    pending = at === bytes.length ? [] : [bytes.subarray(at)];
    length = bytes.length - at;
  }
  if (length > 0) throw new GrpcError(grpcStatus.canceled, "a message was cut off");
}

/** Messages of errors go into a header: what is not printable ASCII is written as `%XX`. */
export const encodeStatusMessage = (text: string): string =>
  Array.from(Buffer.from(text), (byte) =>
    byte >= 0x20 && byte <= 0x7e && byte !== 0x25
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
  ).join("");

export function decodeStatusMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
