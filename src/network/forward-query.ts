/** Asks other resolvers what ours does not know. */

import { createSocket } from "node:dgram";
import { connect, isIPv6 } from "node:net";

/** As resolv.conf(5) has it. */
export const mostServers = 3;
/** Milliseconds that a server has, and after which the next one is asked as well. */
const patience = 4000;
const hurry = 1000;

/**
 * The first answer of any of the servers, asked in order; one that says that it failed is passed over while others are
 * left. The answer is as it came, with the query's own ID. Undefined: there is none.
 */
export async function forwardQuery(
  query: Buffer,
  servers: readonly string[],
  transport: "udp" | "tcp",
): Promise<Buffer | undefined> {
  const ask = transport === "udp" ? askByDatagram : askByStream;
  return new Promise((resolve) => {
    const waiting = [...servers.slice(0, mostServers)];
    let [asked, failure, timer] = [0, undefined as Buffer | undefined, undefined as NodeJS.Timeout | undefined];
    const next = () => {
      clearTimeout(timer);
      const server = waiting.shift();
      if (server === undefined) {
        if (asked === 0) resolve(failure);
        return;
      }
      asked++;
      if (waiting.length > 0) timer = setTimeout(next, hurry);
      void ask(query, server).then((answer) => {
        asked--;
        if (answer !== undefined && !isFailure(answer)) {
          clearTimeout(timer);
          waiting.length = 0;
          resolve(answer);
          return;
        }
        failure ??= answer;
        next();
      });
    };
    next();
  });
}

/** SERVFAIL, NOTIMP or REFUSED. */
const isFailure = (answer: Buffer) => [2, 4, 5].includes((answer[3] ?? 0) & 0xf);

/** The same question: the name comes back byte for byte but for its case. */
function answers(query: Buffer, answer: Buffer, id: number): boolean {
  if (answer.length < 12 || answer.readUInt16BE(0) !== id || ((answer[2] ?? 0) & 0x80) === 0) return false;
  const end = questionEnd(query);
  const [mine, its] = [query.subarray(12, end), answer.subarray(12, end)];
  return mine.toString("latin1").toLowerCase() === its.toString("latin1").toLowerCase();
}

/** Behind the first question: its labels, type and class. */
function questionEnd(message: Buffer): number {
  let at = 12;
  while (at < message.length && message[at] !== 0) at += 1 + (message[at] ?? 0);
  return Math.min(at + 5, message.length);
}

/** A port and an ID that nobody can guess, for each question anew (RFC 5452). */
function askByDatagram(query: Buffer, server: string): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const id = Math.floor(Math.random() * 0x10000);
    const socket = createSocket(isIPv6(server) ? "udp6" : "udp4");
    let open = true;
    const finish = (answer?: Buffer) => {
      if (!open) return;
      open = false;
      clearTimeout(timer);
      socket.close();
      resolve(answer === undefined ? undefined : withId(answer, query.readUInt16BE(0)));
    };
    const timer = setTimeout(finish, patience);
    socket.once("error", () => finish());
    socket.on("message", (message) => {
      if (answers(query, message, id)) finish(message);
    });
    socket.connect(53, server, (error?: Error) => {
      if (error) finish();
      else socket.send(withId(query, id), (failure) => (failure ? finish() : undefined));
    });
  });
}

function askByStream(query: Buffer, server: string): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const id = Math.floor(Math.random() * 0x10000);
    const socket = connect(53, server);
    let received = Buffer.alloc(0);
    const finish = (answer?: Buffer) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer === undefined ? undefined : withId(answer, query.readUInt16BE(0)));
    };
    const timer = setTimeout(finish, patience);
    socket.once("connect", () => socket.write(framed(withId(query, id))));
    socket.once("error", () => finish());
    socket.once("close", () => finish());
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const [message] = frames(received).messages;
      if (message !== undefined) finish(answers(query, message, id) ? message : undefined);
    });
  });
}

function withId(message: Buffer, id: number): Buffer {
  const copy = Buffer.from(message);
  copy.writeUInt16BE(id, 0);
  return copy;
}

/** A message as it goes over TCP: its length comes first (RFC 1035, 4.2.2). */
export function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** The whole messages of a stream, and what is left of it. */
export function frames(stream: Buffer): { readonly messages: readonly Buffer[]; readonly rest: Buffer } {
  const messages: Buffer[] = [];
  let at = 0;
  while (stream.length >= at + 2 && stream.length >= at + 2 + stream.readUInt16BE(at)) {
    const end = at + 2 + stream.readUInt16BE(at);
    messages.push(stream.subarray(at + 2, end));
    at = end;
  }
  return { messages, rest: stream.subarray(at) };
}
