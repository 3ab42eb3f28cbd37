/** The server: an `Engine` behind HTTP. Derived from the route table like the client; there is no code per call. */

import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { EngineError } from "../errors.ts";
import type { CallOptions, Connection, Engine } from "./api.ts";
import { newestApi } from "./api-version.ts";
import { answerOutside } from "./outside.ts";
import { badRequest, isDiskFull, notFound } from "./refusal.ts";
import { parseBody, readArguments } from "./request-args.ts";
import { type Match, matchRoute, parseTarget, type Target } from "./route-match.ts";
import type { Rule } from "./routes.ts";
import { type AnswerContext, joinConnection, sendAnswer, sendJson, streamType } from "./send-answer.ts";
import { shapeAnswer } from "./shape-answer.ts";
import { bodyLimit, type IncomingStream, inputWithoutUpgrade, readUpgradeBody, takeoverHead } from "./upgrade.ts";

export interface ServeOptions {
  /** What the header `Server` says: `Gantry/0.1.0 (linux)`. */
  readonly name: string;
  /** The newest API version that is offered; by default the contract's. */
  readonly apiVersion?: string;
  /** Told of errors that are no refusals: bugs of ours. The client gets a 500 without details. */
  readonly onBug: (error: unknown, request: string) => void;
  /** By path: connections on which, after an upgrade to `h2c`, another protocol is spoken. */
  readonly tunnels?: Readonly<Record<string, Tunnel>>;
}

/** Takes a connection over; the connection is its own from then on. */
export type Tunnel = (connection: Duplex, headers: IncomingHttpHeaders) => void;

/**
 * An HTTP server for an engine; the caller lets it listen. Refusals (EngineError) become their status and docker's error
 * document. Uploads and streams may take as long as they want.
 */
export function serve(engine: Engine, options: ServeOptions): Server {
  const server = createServer({
    requestTimeout: 0,
    keepAliveTimeout: 120_000,
    maxHeaderSize: 256 * 1024,
  });
  server.timeout = 0;
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    for (const [name, value] of Object.entries(headersOf(options))) response.setHeader(name, value);
    answer(engine, request, response, undefined, options).catch((error) => refuse(response, error, request, options));
  });
  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on("error", () => {});
    if (enterTunnel(request, socket, head, options)) return;
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.on("finish", () => socket.end());
    for (const [name, value] of Object.entries(headersOf(options))) response.setHeader(name, value);
    const body = readUpgradeBody(request, socket, head);
    answer(engine, request, response, { socket, body }, options).catch((error) =>
      refuse(response, error, request, options),
    );
  });
  return server;
}

/** Whether there is one. Source of the answer's form: moby, daemon/server/router/grpc. */
function enterTunnel(
  { url = "/", method, headers }: IncomingMessage,
  socket: Socket,
  head: Buffer,
  { tunnels = {} }: ServeOptions,
): boolean {
  if (method !== "POST" || headers.upgrade !== "h2c") return false;
  const path = new URL(url, "http://engine").pathname.replace(/^\/v[0-9.]+(?=\/)/, "");
  const tunnel = Object.hasOwn(tunnels, path) ? tunnels[path] : undefined;
  if (tunnel === undefined) return false;
  if (head.length > 0) socket.unshift(head);
  socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
  tunnel(socket, headers);
  return true;
}

const headersOf = ({ name, apiVersion = newestApi }: ServeOptions) => ({
  "Api-Version": apiVersion,
  "Docker-Experimental": "false",
  Ostype: "linux",
  Server: name,
  "Builder-Version": "1",
  Swarm: "inactive",
});

interface Upgrade {
  readonly socket: Socket;
  readonly body: Promise<Buffer>;
}

async function answer(
  engine: Engine,
  request: IncomingMessage,
  response: ServerResponse,
  upgrade: Upgrade | undefined,
  { apiVersion }: ServeOptions,
): Promise<void> {
  const target = parseTarget(request.url ?? "/", apiVersion);
  const match = matchRoute(request.method ?? "GET", target);
  if (match === undefined) {
    const outside = answerOutside(request.method ?? "GET", target.path);
    if (outside === undefined) throw notFound("page not found");
    return sendJson(response, outside.status, outside.body);
  }
  const gone = new AbortController();
  const connection = upgrade?.socket ?? request.socket;
  const leave = () => {
    if (!response.writableFinished) gone.abort(new EngineError("the client has gone"));
  };
  connection.once("close", leave);
  response.once("close", () => connection.off("close", leave));
  if (match.route.answer === "hijack") return takeOver(engine, { match, target, request, response, upgrade, gone });
  const args = await collect(match, target, request, upgrade);
  const context: AnswerContext = {
    apiVersion: target.apiVersion,
    tty: match.route.answer === "frames" && (await isTty(engine, match, args)),
    signal: gone.signal,
  };
  let unchanged = false;
  const result = await call(
    engine,
    match,
    { ...args, ...("tty" in match.route.args && { tty: context.tty }) },
    {
      signal: gone.signal,
      unchanged: () => {
        unchanged = true;
      },
      accepted: () => {
        if (match.name !== "containerWait") return;
        response.writeHead(200, { "Content-Type": "application/json" });
        response.flushHeaders();
      },
    },
  );
  if (unchanged) {
    response.writeHead(304);
    response.end();
    return;
  }
  await sendAnswer(match.route, shapeAnswer(match.name, result, target.apiVersion), response, context);
}

interface Takeover {
  readonly match: Match;
  readonly target: Target;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly upgrade: Upgrade | undefined;
  readonly gone: AbortController;
}

/** Attach and exec: the call first, so that nothing is lost and a refusal is still HTTP; then the bare connection. */
async function takeOver(engine: Engine, { match, target, request, response, upgrade, gone }: Takeover): Promise<void> {
  const args = await collect(match, target, request, upgrade);
  const tty = await isTty(engine, match, args);
  const context: AnswerContext = { apiVersion: target.apiVersion, tty, signal: gone.signal };
  const connection = (await call(engine, match, { ...args, tty }, { signal: gone.signal })) as Connection;
  if (isDetached(args)) {
    connection.destroy();
    response.writeHead(200, { "Content-Length": 0 });
    response.end();
    return;
  }
  const socket = upgrade?.socket ?? request.socket;
  response.detachSocket(socket);
  socket.write(takeoverHead(upgrade !== undefined, { "Content-Type": streamType(context) }));
  const client: IncomingStream = { input: upgrade?.socket ?? inputWithoutUpgrade(request), output: socket };
  const isExec = match.name === "execStart";
  await joinConnection(connection, client, context, isExec || args.stdin === true);
}

function isDetached({ body }: Record<string, unknown>): boolean {
  return typeof body === "object" && body !== null && "Detach" in body && body.Detach === true;
}

async function call(
  engine: Engine,
  { name }: Match,
  args: Record<string, unknown>,
  options: CallOptions,
): Promise<unknown> {
  // The table's type holds each route against its method (routes.ts); this is where that is relied upon.
  const method = engine[name] as (args: Record<string, unknown>, options: CallOptions) => Promise<unknown>;
  return method.call(engine, args, options);
}

/** Path, query, credentials and the body of a request. */
async function collect(
  { route, path }: Match,
  { query }: Target,
  request: IncomingMessage,
  upgrade: Upgrade | undefined,
): Promise<Record<string, unknown>> {
  const args = readArguments(route, { path, query, headers: request.headers });
  for (const [name, rule] of Object.entries(route.args)) {
    const place = placeOf(rule);
    if (place === "stream") args[name] = bytesOf(request);
    if (place !== "body") continue;
    const bytes = await (upgrade?.body ?? readBody(request));
    const body = parseBody(bytes, request.headers["content-type"]);
    if (body !== undefined && (typeof body !== "object" || body === null || Array.isArray(body))) {
      throw badRequest("invalid JSON: the body must be an object");
    }
    // Calls whose body may be left out are those that have a meaning without one.
    args[name] = body ?? {};
  }
  return args;
}

const placeOf = (rule: Rule) => (typeof rule === "string" ? rule : rule[0]);

/** A request's body. Whoever stops reading it leaves the connection open, for the answer that says why. */
const bytesOf = (request: IncomingMessage): AsyncIterable<Buffer> => request.iterator({ destroyOnReturn: false });

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of bytesOf(request)) {
    total += chunk.length;
    if (total > bodyLimit) throw badRequest("the body is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Whether the output that a call gives has no frames: the container says, or the exec. */
async function isTty(engine: Engine, match: Match, args: Record<string, unknown>): Promise<boolean> {
  const id = String(args.id);
  if (match.name === "execStart") return (await engine.execInspect({ id })).ProcessConfig?.tty === true;
  return (await engine.containerInspect({ id })).Config.Tty === true;
}

/** Tells the client why not. After the headers nothing can be told any more: the connection is cut. */
function refuse(response: ServerResponse, error: unknown, request: IncomingMessage, { onBug }: ServeOptions): void {
  const status = error instanceof EngineError ? (error.status ?? 500) : 500;
  const isRefusal = error instanceof EngineError || isDiskFull(error);
  if (!isRefusal) onBug(error, `${request.method} ${request.url}`);
  if (response.headersSent || response.socket === null) {
    response.socket?.destroy();
    if (response.headersSent) response.destroy();
    return;
  }
  const message = isRefusal ? error.message : "the engine failed: its log says why";
  if (request.complete) {
    sendRefusal(response, status, message);
    return;
  }
  // Closed at once, a connection with unread bytes is reset, and the client may never see the answer. What it still sends is
  // thrown away until it stops, as it does on reading the answer; one that never reads is left after a while.
  response.setHeader("Connection", "close");
  const end = () => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, lingering);
  request.once("close", end);
  request.resume();
  sendRefusal(response, status, message, { open: true });
}

function sendRefusal(response: ServerResponse, status: number, message: string, { open = false } = {}): void {
  const text = status === 304 ? "" : `${JSON.stringify({ message })}\n`;
  const length = Buffer.byteLength(text);
  response.writeHead(status, status === 304 ? {} : { "Content-Type": "application/json", "Content-Length": length });
  if (open) response.write(text);
  else response.end(text);
}

/** Milliseconds that a client whose upload was refused gets to read the answer. */
const lingering = 5000;
