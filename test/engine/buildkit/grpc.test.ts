import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { GrpcError } from "../../../src/engine/buildkit/grpc.ts";
import { connectGrpc, type GrpcClient } from "../../../src/engine/buildkit/grpc-client.ts";
import { type GrpcMethod, serveGrpc, unary } from "../../../src/engine/buildkit/grpc-server.ts";
import type { Message } from "../../../src/engine/buildkit/protobuf.ts";

const text = { text: [1, "string"] } as const satisfies Message;
const types = { request: text, response: text };
const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0).reverse()) one();
});

/** A client whose calls are answered by these methods, over a real socket. */
async function stand(methods: Readonly<Record<string, GrpcMethod>>): Promise<GrpcClient> {
  const folder = mkdtempSync(path.join(tmpdir(), "gantry-grpc-"));
  const server = createServer((socket: Socket) => void serveGrpc(socket, new Map(Object.entries(methods))));
  await new Promise<void>((resolve) => server.listen(path.join(folder, "s"), resolve));
  const client = connectGrpc(connect(path.join(folder, "s")));
  undo.push(
    () => rmSync(folder, { recursive: true }),
    () => server.close(),
    () => client.close(),
  );
  return client;
}

describe("a call", () => {
  it("has a question and an answer, of any size", async () => {
    const client = await stand({ "/s/upper": unary(text, text, ({ text }) => ({ text: text.toUpperCase() })) });
    expect(await client.ask("/s/upper", types, { text: "hello" })).toEqual({ text: "HELLO" });
    expect(await client.ask("/s/upper", types, {})).toEqual({ text: "" });
    const large = "x".repeat(20_000_000);
    expect((await client.ask("/s/upper", types, { text: large })).text).toBe(large.toUpperCase());
  });

  it("that fails says why, in any letters, and with its code", async () => {
    const client = await stand({
      "/s/fail": unary(text, text, () => {
        throw new GrpcError(5, "nothing here: 100% größer");
      }),
    });
    await expect(client.ask("/s/fail", types, {})).rejects.toMatchObject({
      code: 5,
      message: "nothing here: 100% größer",
    });
    await expect(client.ask("/s/none", types, {})).rejects.toMatchObject({ code: 12 });
  });

  it("goes in both directions at once", async () => {
    const client = await stand({
      "/s/echo": async function* (requests) {
        for await (const one of requests) yield one;
      },
    });
    const stream = client.open("/s/echo");
    const pieces = Array.from({ length: 500 }, (_, i) => Buffer.alloc(i * 7, i));
    const sending = (async () => {
      for (const piece of pieces) await stream.send(piece);
      stream.end();
    })();
    const got: Buffer[] = [];
    for await (const message of stream.messages) got.push(Buffer.from(message));
    await sending;
    expect(Buffer.concat(got).equals(Buffer.concat(pieces))).toBe(true);
    expect(got).toHaveLength(500);
  });

  it("that is given up is heard of on the other side", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const client = await stand({
      "/s/wait": async function* (_requests, { signal }) {
        yield Buffer.from("started");
        await new Promise<void>((done) => signal.addEventListener("abort", () => done()));
        resolve();
      },
    });
    const abort = new AbortController();
    const stream = client.open("/s/wait", { signal: abort.signal });
    await expect(
      (async () => {
        for await (const message of stream.messages) {
          expect(message.toString()).toBe("started");
          abort.abort(new Error("enough"));
        }
      })(),
    ).rejects.toThrow("enough");
    await promise;
  });

  it("on a connection that breaks fails", async () => {
    const client = await stand({
      "/s/break": async function* () {
        yield Buffer.from("one");
        client.close();
        await new Promise(() => {});
      },
    });
    const stream = client.open("/s/break");
    await expect(Array.fromAsync(stream.messages)).rejects.toThrow();
    await expect(client.ask("/s/break", types, {})).rejects.toThrow("closed");
  });
});
