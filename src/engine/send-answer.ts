/** What a call answers, written as HTTP: the inverse of answer.ts. */

import type { ServerResponse } from "node:http";
import type { Writable } from "node:stream";
import { EngineError } from "../errors.ts";
import type { Archive, Connection, Frame, FrameStream, PathStat } from "./api.ts";
import { compareApi } from "./api-version.ts";
import { type Route, statHeader } from "./routes.ts";
import type { IncomingStream } from "./upgrade.ts";

export interface AnswerContext {
  readonly apiVersion: string;
  /** The container's output has no frames. */
  readonly tty: boolean;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}

/**
 * Writes a result as the route says, and ends the response. Streams are read only as fast as the client takes them, and
 * given up when it goes. An error after the headers went out is told in the stream, where the stream has a place for it.
 */
export async function sendAnswer(
  route: Route,
  result: unknown,
  response: ServerResponse,
  context: AnswerContext,
): Promise<void> {
  const status = route.status[0] ?? 200;
  switch (route.answer) {
    case "none":
      if (route.path === "/_ping") sendText(response, "OK");
      else {
        response.writeHead(status, status === 204 ? {} : { "Content-Length": 0 });
        response.end();
      }
      return;
    case "json":
      return sendJson(response, status, result);
    case "lines":
      return sendLines(response, result as AsyncIterable<unknown>, context, route.flush === true);
    case "bytes":
      response.writeHead(status, { "Content-Type": tarType });
      return sendBytes(response, result as AsyncIterable<Buffer>, context.signal);
    case "stat":
      response.writeHead(status, { [statHeader]: encodeStat(result as PathStat), "Content-Length": 0 });
      response.end();
      return;
    case "archive": {
      const { stat, tar } = result as Archive;
      response.writeHead(status, { "Content-Type": tarType, [statHeader]: encodeStat(stat) });
      return sendBytes(response, tar, context.signal);
    }
    case "frames":
      response.writeHead(status, { "Content-Type": streamType(context) });
      response.flushHeaders();
      return sendBytes(response, encodeBatches((result as FrameStream).batches(), context.tty), context.signal);
    case "hijack":
      throw new EngineError("a connection cannot be answered by a response");
  }
}

const tarType = "application/x-tar";

/** The content type of output: since API 1.42 it says whether there are frames. */
export function streamType({ apiVersion, tty }: Pick<AnswerContext, "apiVersion" | "tty">): string {
  const isTold = !tty && compareApi(apiVersion, "1.42") >= 0;
  return isTold ? "application/vnd.docker.multiplexed-stream" : "application/vnd.docker.raw-stream";
}

/** One JSON document, with the newline that docker's has. Go's clients compare the content type to the letter. */
export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const text = `${JSON.stringify(value ?? null)}\n`;
  if (!response.headersSent) {
    response.writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) });
  }
  response.end(text);
}

function sendText(response: ServerResponse, text: string): void {
  response.writeHead(200, {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": text.length,
    "Cache-Control": "no-cache, no-store, must-revalidate",
    Pragma: "no-cache",
  });
  response.end(text);
}

/** JSON lines. Unless the headers go out at once, a failure before the first line is an HTTP error. */
async function sendLines(
  response: ServerResponse,
  lines: AsyncIterable<unknown>,
  { signal }: AnswerContext,
  flush: boolean,
): Promise<void> {
  const start = () => {
    if (!response.headersSent) response.writeHead(200, { "Content-Type": "application/json" });
  };
  if (flush) {
    start();
    response.flushHeaders();
  }
  try {
    for await (const line of untilAborted(lines, signal)) {
      start();
      if (!(await write(response, `${JSON.stringify(line)}\r\n`))) return;
    }
  } catch (error) {
    if (!response.headersSent) throw error;
    const message = error instanceof Error ? error.message : String(error);
    await write(response, `${JSON.stringify({ errorDetail: { message }, error: message })}\r\n`);
  }
  start();
  response.end();
}

async function sendBytes(response: ServerResponse, chunks: AsyncIterable<Buffer>, signal: AbortSignal): Promise<void> {
  try {
    for await (const chunk of untilAborted(chunks, signal)) if (!(await write(response, chunk))) return;
  } catch (error) {
    if (!response.headersSent) throw error;
    // The length is open, so only a broken connection tells the client that this is not all.
    response.destroy();
    return;
  }
  response.end();
}

/**
 * Joins a taken-over connection to what the client sends and receives. Resolves when the output has ended; the client's
 * half-close closes the container's stdin and leaves the output open.
 */
export async function joinConnection(
  connection: Connection,
  client: IncomingStream,
  { tty, signal }: AnswerContext,
  stdin: boolean,
): Promise<void> {
  const leave = () => connection.destroy();
  signal.addEventListener("abort", leave, { once: true });
  if (stdin) forward(client.input, connection).catch(leave);
  else client.input.resume();
  try {
    for await (const chunk of untilAborted(encodeBatches(oneEach(connection.frames), tty), signal)) {
      if (!(await write(client.output, chunk))) break;
    }
  } finally {
    signal.removeEventListener("abort", leave);
    connection.destroy();
    client.output.end();
  }
}

async function forward(input: IncomingStream["input"], connection: Connection): Promise<void> {
  for await (const chunk of input) await connection.write(chunk as Buffer);
  connection.closeWrite();
}

const headerLength = 8;

/** Output as the wire has it: each piece behind a header of 8 bytes, or bare for a TTY; one write for each batch. */
async function* encodeBatches(
  batches: AsyncIterable<readonly Frame[]>,
  tty: boolean,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const batch of batches) {
    yield tty ? Buffer.concat(batch.map(({ data }) => data)) : encodeFrames(batch);
  }
}

function encodeFrames(batch: readonly Frame[]): Buffer {
  const length = batch.reduce((sum, { data }) => sum + headerLength + data.length, 0);
  const bytes = Buffer.allocUnsafe(length);
  let offset = 0;
  for (const { stream, data } of batch) {
    bytes.writeUInt32BE(stream === "stderr" ? 0x02000000 : 0x01000000, offset);
    bytes.writeUInt32BE(data.length, offset + 4);
    bytes.set(data, offset + headerLength);
    offset += headerLength + data.length;
  }
  return bytes;
}

async function* oneEach(frames: AsyncIterable<Frame>): AsyncGenerator<readonly Frame[], void, undefined> {
  for await (const frame of frames) yield [frame];
}

/** Writes, and waits while the client is slow; false when it has gone. */
function write(output: Writable, chunk: string | Buffer): Promise<boolean> | boolean {
  if (output.destroyed || output.writableEnded) return false;
  if (output.write(chunk)) return true;
  return new Promise((resolve) => {
    const settle = (isOpen: boolean) => {
      output.off("drain", drained);
      output.off("close", gone);
      resolve(isOpen);
    };
    const drained = () => settle(true);
    const gone = () => settle(false);
    output.on("drain", drained);
    output.on("close", gone);
  });
}

/** The items of a stream until the signal is aborted, also while the next one is being waited for. */
async function* untilAborted<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void, undefined> {
  const iterator = items[Symbol.asyncIterator]();
  let leave = () => {};
  const abort = () => leave();
  signal.addEventListener("abort", abort);
  // A promise of its own for each item: one that all are raced with would keep every one of them until the end.
  const nextOne = () =>
    new Promise<IteratorResult<T> | undefined>((resolve, reject) => {
      leave = () => resolve(undefined);
      if (signal.aborted) leave();
      else iterator.next().then(resolve, reject);
    });
  try {
    for (;;) {
      const next = await nextOne();
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener("abort", abort);
    // Not awaited: what waits inside may only end with the signal.
    iterator.return?.().catch(() => {});
  }
}

function encodeStat(stat: PathStat): string {
  return Buffer.from(JSON.stringify(stat)).toString("base64");
}
