/**
 * Connections that stop being HTTP: attach and exec. A client that asks for an upgrade gets 101, an old one 200, and then
 * the bare socket. Node parses no body behind an upgrade, so the body is taken off the socket here.
 */

import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { PassThrough, type Readable, type Writable } from "node:stream";
import { badRequest } from "./refusal.ts";

/** The two directions of a connection that was taken over. */
export interface IncomingStream {
  readonly input: Readable;
  readonly output: Writable;
}

/** The most that a request may send as its JSON document. */
export const bodyLimit = 8 * 1024 * 1024;

/**
 * Reads the body of a request that asked for an upgrade: `head` and what follows on the socket, by Content-Length or in
 * chunks (dockerode sends an empty chunked body). What comes behind it is given back to the socket.
 */
export async function readUpgradeBody({ headers }: IncomingMessage, socket: Socket, head: Buffer): Promise<Buffer> {
  if (head.length > 0) socket.unshift(head);
  if (/\bchunked\b/i.test(String(headers["transfer-encoding"] ?? ""))) return readChunked(socket);
  const length = Number(headers["content-length"] ?? 0);
  if (!Number.isSafeInteger(length) || length < 0 || length > bodyLimit) throw badRequest("the body is too large");
  return length === 0 ? Buffer.alloc(0) : readExactly(socket, length);
}

async function readChunked(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const size = Number.parseInt(await readLine(socket), 16);
    if (!(size >= 0) || total + size > bodyLimit) throw badRequest("the chunks of the body are broken or too large");
    if (size === 0) break;
    chunks.push(await readExactly(socket, size));
    total += size;
    await readLine(socket);
  }
  // Trailers, up to the empty line.
  while ((await readLine(socket)) !== "");
  return Buffer.concat(chunks);
}

async function readLine(socket: Socket): Promise<string> {
  const bytes: Buffer[] = [];
  for (let length = 0; length < 1024; length++) {
    const byte = await readExactly(socket, 1);
    if (byte[0] === 0x0a) return Buffer.concat(bytes).toString("latin1").trim();
    bytes.push(byte);
  }
  throw badRequest("the chunks of the body are broken");
}

function readExactly(socket: Socket, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const read = () => {
      const bytes: Buffer | null = socket.read(length);
      if (bytes === null) return;
      settle();
      if (bytes.length < length) reject(badRequest("the body ended early"));
      else resolve(bytes);
    };
    const ended = () => {
      settle();
      reject(badRequest("the body ended early"));
    };
    const settle = () => {
      socket.off("readable", read);
      socket.off("end", ended);
      socket.off("close", ended);
    };
    socket.on("readable", read);
    socket.on("end", ended);
    socket.on("close", ended);
    read();
  });
}

/** The head of the answer that ends HTTP on a connection. */
export function takeoverHead(upgrade: boolean, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const [status, more] = upgrade
    ? ["101 UPGRADED", "Connection: Upgrade\r\nUpgrade: tcp\r\n"]
    : ["200 OK", "Connection: close\r\n"];
  return `HTTP/1.1 ${status}\r\n${lines.join("")}${more}\r\n`;
}

/**
 * What an old client sends behind a request without an upgrade: Node has taken the chunks off already. A body with a
 * length is no stdin (dockerode sends its options so).
 */
export function inputWithoutUpgrade(request: IncomingMessage): Readable {
  const isStream =
    /\bchunked\b/i.test(String(request.headers["transfer-encoding"] ?? "")) &&
    request.headers["content-type"] !== "application/json";
  if (isStream) return request;
  request.resume();
  // Never ends: the client has not said that its input does.
  return new PassThrough();
}
