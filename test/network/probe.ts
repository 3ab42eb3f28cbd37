/**
 * What runs inside a namespace of a test, as a container's process would: `serve-tcp PORT`, `serve-udp PORT` (both say who
 * asked and echo what came), `tcp HOST PORT TEXT`, `udp HOST PORT TEXT`, `dns NAME TYPE [SERVER [OWN-PORT]]`, `dns-tcp NAME TYPE`.
 */

import { createSocket } from "node:dgram";
import { connect, createServer, isIPv6 } from "node:net";
import { decode, encode, streamEncode } from "dns-packet";

const [verb = "", ...args] = process.argv.slice(2);
/** Milliseconds. What is to fail by silence is asked with less. */
const patience = Number(process.env.PATIENCE ?? 15_000);
const finish = (text: string) => process.stdout.write(text, () => process.exit(0));
const fail = (error: unknown) => process.stderr.write(`${String(error)}\n`, () => process.exit(1));

function serveTcp(port: string) {
  createServer({ allowHalfOpen: true }, (socket) => {
    let text = "";
    // Answers only when the client has ended: half-closed connections must pass.
    socket.on("data", (chunk) => (text += chunk)).on("end", () => socket.end(`${socket.remoteAddress} ${text}`));
    socket.on("error", () => {});
  }).listen({ port: Number(port), host: "::" }, () => process.stdout.write("ready\n"));
}

function serveUdp(port: string) {
  const socket = createSocket("udp6");
  socket.on("message", (data, from) => socket.send(`${from.address} ${data}`, from.port, from.address));
  socket.bind(Number(port), () => process.stdout.write("ready\n"));
}

function tcp(host: string, port: string, text: string) {
  let answer = "";
  const socket = connect({ host, port: Number(port), allowHalfOpen: true });
  socket.setTimeout(patience, () => fail("timeout"));
  socket.on("error", fail).on("connect", () => socket.end(text));
  socket.on("data", (chunk) => (answer += chunk)).on("end", () => finish(answer));
}

function udp(host: string, port: string, text: string) {
  const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
  setTimeout(() => fail("timeout"), patience);
  socket.on("error", fail).on("message", (data) => finish(String(data)));
  socket.connect(Number(port), host, () => socket.send(text));
}

/** Prints the response code, the flag TC, and the answers: type, TTL and data. */
function show(message: ReturnType<typeof decode>) {
  const rows = (message.answers ?? []).map((answer) =>
    "data" in answer && "ttl" in answer ? `${answer.type} ${answer.ttl} ${String(answer.data)}` : answer.type,
  );
  const rcode = Reflect.get(message, "rcode");
  finish([String(rcode), ...(Reflect.get(message, "flag_tc") === true ? ["TC"] : []), ...rows].join("\n"));
}

function dns(name: string, type: string, server = "127.0.0.11", ownPort = "0") {
  const socket = createSocket(isIPv6(server) ? "udp6" : "udp4");
  setTimeout(() => fail("timeout"), patience);
  socket.on("error", fail).on("message", (data) => show(decode(data)));
  socket.bind(Number(ownPort));
  socket.connect(53, server, () =>
    socket.send(encode({ type: "query", id: 7, flags: 256, questions: [{ name, type: type as "A" }] })),
  );
}

function dnsTcp(name: string, type: string) {
  const socket = connect(53, "127.0.0.11");
  socket.setTimeout(patience, () => fail("timeout"));
  let received = Buffer.alloc(0);
  socket.on("error", fail).on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    if (received.length > 2 && received.length >= received.readUInt16BE(0) + 2) show(decode(received.subarray(2)));
  });
  socket.write(streamEncode({ type: "query", id: 7, flags: 256, questions: [{ name, type: type as "A" }] }));
}

const verbs: Readonly<Record<string, (...texts: string[]) => void>> = {
  "serve-tcp": serveTcp as (...texts: string[]) => void,
  "serve-udp": serveUdp as (...texts: string[]) => void,
  tcp: tcp as (...texts: string[]) => void,
  udp: udp as (...texts: string[]) => void,
  dns: dns as (...texts: string[]) => void,
  "dns-tcp": dnsTcp as (...texts: string[]) => void,
};
verbs[verb]?.(...args);
