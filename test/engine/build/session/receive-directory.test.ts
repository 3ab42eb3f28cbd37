import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rememberContexts } from "../../../../src/engine/build/session/contexts.ts";
import { receiveDirectory } from "../../../../src/engine/build/session/receive-directory.ts";
import { serveSession } from "../../../../src/engine/builders/serve-session.ts";
import { connectGrpc, type GrpcClient } from "../../../../src/engine/buildkit/grpc-client.ts";

const folder = mkdtempSync(path.join(tmpdir(), "gantry-receive-"));
const context = path.join(folder, "context");
const sent = rememberContexts();
let client: GrpcClient;
let server: net.Server;

beforeAll(async () => {
  server = net.createServer((connection) =>
    serveSession(connection, {
      directories: new Map([["context", { path: context }]]),
      secrets: [],
      agents: { has: () => false, open: () => expect.fail("no agent"), close: () => {} },
      credentials: async () => undefined,
    }),
  );
  server.listen(path.join(folder, "socket"));
  await once(server, "listening");
  client = connectGrpc(net.connect(path.join(folder, "socket")));
});
afterAll(() => {
  client.close();
  server.close();
  rmSync(folder, { recursive: true });
});

let count = 0;
async function receive(): Promise<{ readonly files: ReadonlyMap<string, string>; readonly bytes: number }> {
  let bytes = 0;
  const tree = await receiveDirectory({
    session: { client, sharedKey: "here", answers: () => true },
    name: "context",
    sent,
    file: path.join(folder, `contents-${count++}`),
    signal: new AbortController().signal,
    progress: (more) => (bytes += more),
  });
  const files = new Map<string, string>();
  for (const [name, node] of tree.nodes) {
    if (node.entry.type === "file")
      files.set(name, Buffer.concat(await Array.fromAsync(tree.read(node))).toString("latin1"));
  }
  tree.close();
  return { files, bytes };
}

describe("a directory that one of our processes sends to another", () => {
  it("comes whole, however many small files it has, and then only what has changed", async () => {
    const wanted = new Map<string, string>();
    const write = (name: string, text: string) => {
      mkdirSync(path.dirname(path.join(context, name)), { recursive: true });
      writeFileSync(path.join(context, name), text);
      wanted.set(name, text);
    };
    for (let i = 0; i < 8000; i++) write(`d${i % 80}/f${i}`, `${i} `.repeat(400));
    write("large", "x".repeat(3_000_000));
    write("none", "");
    expect((await receive()).files).toEqual(wanted);
    write("d7/f7", "changed");
    write("d7/new", "new");
    expect(await receive()).toEqual({ files: wanted, bytes: "changednew".length });
  });
});
