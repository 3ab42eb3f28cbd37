/** The containers' resolver: sockets on the bridges' own addresses, to which 127.0.0.11 leads. */

import { createSocket, type Socket as DatagramSocket } from "node:dgram";
import { readFile } from "node:fs/promises";
import { createServer, isIPv6, type Server, type Socket } from "node:net";
import { answerQuery, shuffled } from "./answer-query.ts";
import { answerTo, type Query, readQuery } from "./dns-message.ts";
import { forwardQuery, framed, frames } from "./forward-query.ts";
import type { NameBook } from "./names.ts";
import { parseResolvConf } from "./resolv-conf.ts";
import type { NamedContainer } from "./switchboard-state.ts";

/** A flood of questions to others is answered "failed" above this. */
const mostForwarded = 1000;
const mostConnections = 256;
/** Milliseconds that a connection may be silent. */
const silence = 10_000;
/** A longest message over TCP. */
const longestStream = 65_535;

export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Answers on one address, over UDP and TCP on the same port (0: any); `book` is asked anew for each question. Rejects
 * with the system's error where the port is not free.
 */
export async function serveNames(
  network: string,
  address: string,
  port: number,
  book: () => NameBook,
): Promise<Listening> {
  const reply = async (bytes: Buffer, from: string, transport: "udp" | "tcp") => {
    const query = readQuery(bytes);
    if (query === undefined) return undefined;
    const longest = transport === "udp" ? query.longest : longestStream;
    const client = book().client(network, from);
    if (client === undefined) return answerTo(query, "REFUSED", [], longest);
    const own = answerQuery(book(), client, query, shuffled);
    if (own !== undefined) return answerTo(query, own.code, own.answers, longest);
    return (await askOthers(bytes, query, client, transport)) ?? answerTo(query, "SERVFAIL", [], longest);
  };
  const datagrams = await bindDatagrams(address, port, (bytes, from) => reply(bytes, from, "udp"));
  try {
    const chosen = datagrams.address().port;
    const streams = await listenStreams(address, chosen, (bytes, from) => reply(bytes, from, "tcp"));
    return {
      port: chosen,
      close: async () => {
        datagrams.close();
        await streams.close();
      },
    };
  } catch (error) {
    datagrams.close();
    throw error;
  }
}

let forwarded = 0;

async function askOthers(bytes: Buffer, { type }: Query, client: NamedContainer, transport: "udp" | "tcp") {
  // An internal container's questions leave by no name and no type: they could carry data out.
  if (client.internal || forwarded >= mostForwarded || type === "AXFR") return undefined;
  forwarded++;
  try {
    const servers = client.servers.length > 0 ? client.servers : await hostServers();
    return await forwardQuery(bytes, servers, transport);
  } finally {
    forwarded--;
  }
}

/** As they are now: a laptop changes its network. */
async function hostServers(): Promise<readonly string[]> {
  return parseResolvConf(await readFile("/etc/resolv.conf", "utf8").catch(() => "")).servers;
}

type Reply = (bytes: Buffer, from: string) => Promise<Buffer | undefined>;

function bindDatagrams(address: string, port: number, reply: Reply): Promise<DatagramSocket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
    socket.once("error", reject);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off("error", reject).on("error", () => {});
      resolve(socket);
    });
    socket.on("message", async (bytes, { address: from, port: back }) => {
      const answer = await reply(bytes, from).catch(() => undefined);
      if (answer === undefined) return;
      try {
        socket.send(answer, back, from, () => {});
      } catch {
        // The socket was closed while others were asked.
      }
    });
  });
}

function listenStreams(address: string, port: number, reply: Reply): Promise<{ close(): Promise<void> }> {
  const connections = new Set<Socket>();
  const server: Server = createServer((socket) => {
    connections.add(socket);
    socket.on("close", () => connections.delete(socket)).on("error", () => {});
    socket.setTimeout(silence, () => socket.destroy());
    let pending: Buffer = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      const { messages, rest } = frames(Buffer.concat([pending, chunk]));
      pending = rest;
      for (const message of messages) {
        void reply(message, socket.remoteAddress ?? "").then(
          (answer) => (answer === undefined ? socket.destroy() : socket.write(framed(answer))),
          () => socket.destroy(),
        );
      }
    });
  });
  server.maxConnections = mostConnections;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: address, port, exclusive: true }, () => {
      server.off("error", reject).on("error", () => {});
      resolve({
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            for (const socket of connections) socket.destroy();
          }),
      });
    });
  });
}
