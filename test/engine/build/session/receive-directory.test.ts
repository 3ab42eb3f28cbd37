import { once } from "node:events";
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { rememberContexts, type SentContexts } from "../../../../src/engine/build/session/contexts.ts";
import type { Session } from "../../../../src/engine/build/session/open-sessions.ts";
import { receiveDirectory } from "../../../../src/engine/build/session/receive-directory.ts";
import { serveSession } from "../../../../src/engine/builders/serve-session.ts";
import { connectGrpc, type GrpcClient } from "../../../../src/engine/buildkit/grpc-client.ts";
import { sessionPath } from "../../../../src/engine/buildkit/session-messages.ts";

const folder = mkdtempSync(path.join(tmpdir(), "gantry-receive-"));
const context = path.join(folder, "context");
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
async function receive(session: Session, sent: SentContexts, signal = new AbortController().signal) {
  let bytes = 0;
  const tree = await receiveDirectory({
    session,
    name: "context",
    exclude: ["left-out*"],
    sent,
    file: path.join(folder, `contents-${count++}`),
    signal,
    progress: (more) => (bytes += more),
  });
  const files = new Map<string, string>();
  for (const node of tree.nodes.below("")) {
    if (node.entry.type === "file")
      files.set(node.entry.path, Buffer.concat(await Array.fromAsync(tree.read(node))).toString("latin1"));
  }
  tree.close();
  return { files, bytes };
}

/** Our own client: it says where the directory lies. */
const near = (): Session => ({ client, sharedKey: "here", answers: () => true });
/** It does not say so, like docker's. */
const far = (): Session => ({ ...near(), answers: (path) => path !== sessionPath.place });
/** It says so, of a directory that is another one here. */
const mistaken = (): Session => ({
  ...near(),
  client: {
    ...client,
    ask: async (path, types, ...rest) => {
      const answer = await client.ask(path, types, ...rest);
      return path === sessionPath.place ? { ...answer, inode: 1n } : answer;
    },
  },
});

describe.each([
  { how: "is read where it lies", session: near },
  { how: "one of our processes sends to another", session: far },
  { how: "is sent because it is another one here", session: mistaken },
])("a directory that $how", ({ session }) => {
  const wanted = new Map<string, string>();
  const write = (name: string, text: string) => {
    mkdirSync(path.dirname(path.join(context, name)), { recursive: true });
    writeFileSync(path.join(context, name), text);
    wanted.set(name, text);
  };
  beforeEach(() => rmSync(context, { recursive: true, force: true }));

  it("comes whole, however many small files it has, and then only what has changed", async () => {
    const sent = rememberContexts();
    for (let i = 0; i < 8000; i++) write(`d${i % 80}/f${i}`, `${i} `.repeat(400));
    write("large", "x".repeat(3_000_000));
    write("none", "");
    linkSync(path.join(context, "large"), path.join(context, "second-name"));
    wanted.set("second-name", "x".repeat(3_000_000));
    writeFileSync(path.join(context, "left-out"), "");
    expect((await receive(session(), sent)).files).toEqual(wanted);
    write("d7/f7", "changed");
    write("d7/new", "new");
    expect(await receive(session(), sent)).toEqual({ files: wanted, bytes: "changednew".length });
  });

  it("ends with the build", async () => {
    mkdirSync(context);
    const reason = new Error("the build is over");
    await expect(receive(session(), rememberContexts(), AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

it("tells by whom a directory is read", async () => {
  const asked: string[] = [];
  const listening = (session: Session): Session => ({
    ...session,
    client: {
      ...session.client,
      open: (path, options) => {
        asked.push(path);
        return client.open(path, options);
      },
    },
  });
  mkdirSync(context, { recursive: true });
  await receive(listening(near()), rememberContexts());
  expect(asked).toEqual([]);
  await receive(listening(mistaken()), rememberContexts());
  await receive(listening(far()), rememberContexts());
  expect(asked).toEqual([sessionPath.sendDirectory, sessionPath.sendDirectory]);
});
