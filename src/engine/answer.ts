/** Answers of an engine, decoded as the route says. */

import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { EngineError } from "../errors.ts";
import type { Connection, PathStat } from "./api.ts";
import type { Reply } from "./exchange.ts";
import { parseFrames, parseTerminal } from "./frames.ts";
import { parseLines } from "./lines.ts";
import { type Answer, statHeader } from "./routes.ts";

/**
 * What a call's method resolves to. `tty` says that output has no frames. Streams are read while they are iterated;
 * leaving the iteration early cuts the connection. Throws EngineError for what is not JSON where JSON must be.
 */
export async function readAnswer(kind: Answer, reply: Reply, tty: boolean): Promise<unknown> {
  switch (kind) {
    case "none":
      await readAll(reply);
      return undefined;
    case "json":
      return parseDocument(await readAll(reply), reply.status);
    case "lines":
      return parseLines(chunksOf(reply, reply.response));
    case "bytes":
      return chunksOf(reply, reply.response);
    case "frames":
      return decodeOutput(chunksOf(reply, reply.response), tty);
    case "stat": {
      await readAll(reply);
      return readStat(reply);
    }
    case "archive":
      return { stat: readStat(reply), tar: chunksOf(reply, reply.response) };
    case "hijack":
      return takeOver(reply, tty);
  }
}

/** The engine's refusal in its own words. Reads the rest of the answer, and stops sending. */
export async function readRefusal(reply: Reply): Promise<EngineError> {
  const text = (await readAll(reply)).toString("utf8").trim();
  reply.cut();
  return new EngineError(messageOf(text) ?? `the engine answered ${reply.status} ${reply.response.statusMessage}`, {
    status: reply.status,
  });
}

function messageOf(text: string): string | undefined {
  if (text === "") return undefined;
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document === "object" && document !== null && "message" in document) return String(document.message);
  } catch {
    // Engines before API 1.24, and proxies before engines, answer in plain text.
  }
  return text;
}

function parseDocument(bytes: Buffer, status: number): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw new EngineError(`the engine answered ${status} without the JSON that belongs to it`, { status, cause });
  }
}

/** The file that an archive call is about: a header of Base64 JSON. */
function readStat({ response, status }: Reply): PathStat {
  const header = String(response.headers[statHeader.toLowerCase()] ?? "");
  return parseDocument(Buffer.from(header, "base64"), status) as PathStat;
}

function readAll(reply: Reply): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const { response } = reply;
    const fail = (error: unknown) => reject(reply.explain(error));
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.once("end", () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    response.once("error", fail);
    // An error that came before we listened has left only its mark.
    if (response.errored) fail(response.errored);
  });
}

async function* chunksOf(reply: Reply, source: IncomingMessage | Duplex): AsyncGenerator<Buffer, void, undefined> {
  let whole = false;
  try {
    if (reply.head !== undefined && reply.head.length > 0) yield reply.head;
    for await (const chunk of source) yield chunk;
    // A hijacked connection is never used again, so it goes with the end of its output.
    whole = reply.socket === undefined;
  } catch (error) {
    throw reply.explain(error);
  } finally {
    if (!whole) reply.cut();
  }
}

function decodeOutput(chunks: AsyncIterable<Buffer>, tty: boolean) {
  return tty ? parseTerminal(chunks) : parseFrames(chunks);
}

/** The connection behind the headers: 101 gives the bare socket, 200 (older engines) a body that lasts as long. */
function takeOver(reply: Reply, tty: boolean): Connection {
  const { socket, response } = reply;
  if (socket === undefined)
    throw new EngineError("the engine did not give the connection away", { status: reply.status });
  const source = reply.status === 101 ? socket : response;
  return {
    frames: decodeOutput(chunksOf(reply, source), tty),
    write: (data) =>
      new Promise((resolve, reject) => {
        socket.write(data, (error) => (error ? reject(reply.explain(error)) : resolve()));
      }),
    closeWrite: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
}
