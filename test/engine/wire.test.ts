import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { parseAddress } from "../../src/engine/address.ts";
import { connect, type EngineClient } from "../../src/engine/client.ts";
import { collect } from "./engines.ts";

/** Engines that answer in ways which those at hand do not: their side of the wire, byte for byte. */

const servers: Server[] = [];
const clients: EngineClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  for (const server of servers.splice(0)) server.close();
});

type Replay = (requestLine: string, socket: Socket) => string | undefined;

/** A peer that answers each request with the bytes that `replay` gives; and a client for it. */
async function replaying(replay: Replay): Promise<{ engine: EngineClient; requests: string[] }> {
  const requests: string[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      for (let end = text.indexOf("\r\n\r\n"); end !== -1; end = text.indexOf("\r\n\r\n")) {
        const line = text.slice(0, text.indexOf(" HTTP/1.1"));
        text = text.slice(end + 4);
        if (!/^[A-Z]+ \//.test(line)) continue;
        requests.push(line);
        const answer = replay(line, socket);
        if (answer !== undefined) socket.write(answer);
      }
    });
  });
  servers.push(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  const engine = connect(parseAddress(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`));
  clients.push(engine);
  return { engine, requests };
}

const pong = (version: string) => `HTTP/1.1 200 OK\r\nApi-Version: ${version}\r\nContent-Length: 0\r\n\r\n`;
const json = (text: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
const isPing = (line: string) => line.endsWith("/_ping");

describe("the API version", () => {
  it("is asked for once, however many calls begin together, and stands in every path", async () => {
    const { engine, requests } = await replaying((line) => (isPing(line) ? pong("1.43") : json("{}")));
    await Promise.all([engine.info(), engine.info(), engine.version(), engine.apiVersion()]);
    expect(requests.sort()).toEqual(["GET /v1.43/info", "GET /v1.43/info", "GET /v1.43/version", "HEAD /_ping"]);
  });

  it("is asked for by GET where HEAD is not known, and is the oldest where the engine names none", async () => {
    const { engine, requests } = await replaying((line) =>
      line.startsWith("HEAD") ? "HTTP/1.1 404 Not Found\r\n\r\n" : json("OK"),
    );
    expect(await engine.apiVersion()).toBe("1.24");
    expect(requests).toEqual(["HEAD /_ping", "GET /_ping"]);
  });

  it("is not newer than ours, and an engine that is too old is refused", async () => {
    expect(await (await replaying(() => pong("1.77"))).engine.apiVersion()).toBe("1.51");
    const { engine } = await replaying(() => pong("1.18"));
    await expect(engine.info()).rejects.toMatchObject({
      message: expect.stringContaining("speaks API 1.18, which is too old: 1.24 is needed"),
      hint: "upgrade the engine",
    });
  });

  it("is asked for again when the engine did not answer the first time", async () => {
    let first = true;
    const { engine } = await replaying((_, socket) => {
      if (!first) return pong("1.44");
      first = false;
      socket.destroy();
      return undefined;
    });
    await expect(engine.apiVersion()).rejects.toThrow("closed the connection");
    expect(await engine.apiVersion()).toBe("1.44");
  });

  it("need not be waited for by a call that is aborted", async () => {
    const { engine } = await replaying(() => undefined);
    await expect(engine.info({}, { signal: AbortSignal.timeout(10) })).rejects.toMatchObject({ name: "TimeoutError" });
  });
});

describe("a connection that is taken over", () => {
  const attach = { id: "x", tty: true, stream: true, stdin: true, stdout: true };

  it("loses no bytes that come together with its headers", async () => {
    const { engine } = await replaying((line, socket) => {
      if (isPing(line)) return pong("1.44");
      socket.end("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nfirst");
      return undefined;
    });
    expect((await collect((await engine.containerAttach(attach)).frames)).stdout).toBe("first");
  });

  it("may also begin with 200, and works in both directions then", async () => {
    const { engine } = await replaying((line, socket) => {
      if (isPing(line)) return pong("1.24");
      socket.on("data", (chunk) => chunk.toString() === "ping" && socket.write("pong"));
      socket.on("end", () => socket.end(" and goodbye"));
      return "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\nhello ";
    });
    const connection = await engine.containerAttach(attach);
    const output = collect(connection.frames);
    await connection.write(Buffer.from("ping"));
    connection.closeWrite();
    expect((await output).stdout).toBe("hello pong and goodbye");
  });

  it("says so when it is written to after its end", async () => {
    const { engine } = await replaying((line, socket) => {
      if (isPing(line)) return pong("1.44");
      socket.end("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
      return undefined;
    });
    const connection = await engine.containerAttach(attach);
    await collect(connection.frames);
    await expect(connection.write(Buffer.from("late"))).rejects.toMatchObject({ name: "EngineError" });
  });
});

describe("an answer", () => {
  it("that breaks off is an error, not a short answer", async () => {
    const { engine } = await replaying((line, socket) => {
      if (isPing(line)) return pong("1.44");
      socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n{"status":"one"}\n\r\n');
      return undefined;
    });
    const seen: unknown[] = [];
    const pulling = (async () => {
      for await (const line of await engine.imagePull({ fromImage: "x" })) seen.push(line);
    })();
    await expect(pulling).rejects.toMatchObject({ name: "EngineError", message: expect.stringContaining("closed") });
    expect(seen).toEqual([{ status: "one" }]);
    await expect(engine.info()).rejects.toThrow("closed the connection");
  });

  it("in plain text, without text, or without JSON is told as it is", async () => {
    const answers = [
      "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 15\r\n\r\nno engine here\n",
      "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
      json("<html>"),
      "SSH-2.0-OpenSSH_9.2\r\n",
    ];
    const { engine } = await replaying((line) => (isPing(line) ? pong("1.44") : answers.shift()));
    await expect(engine.info()).rejects.toMatchObject({ status: 502, message: "no engine here" });
    await expect(engine.info()).rejects.toMatchObject({
      status: 503,
      message: "the engine answered 503 Service Unavailable",
    });
    await expect(engine.info()).rejects.toThrow("without the JSON");
    await expect(engine.info()).rejects.toThrow("does not speak HTTP");
  });

  it("may refuse an upload and close the connection before the upload has ended", async () => {
    const { engine } = await replaying((line, socket) => {
      if (isPing(line)) return pong("1.44");
      socket.pause();
      const text = '{"message":"no space left"}';
      return `HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
    });
    async function* large() {
      for (let i = 0; i < 1000; i++) yield Buffer.alloc(64 * 1024);
    }
    const loading = engine.containerArchivePut({ id: "x", path: "/", stream: large() });
    await expect(loading).rejects.toMatchObject({ status: 500, message: "no space left" });
  });

  it("is asked for again when an idle connection was closed at the moment of its reuse", async () => {
    let calls = 0;
    const { engine, requests } = await replaying((line, socket) => {
      if (isPing(line)) return pong("1.44");
      calls++;
      if (calls > 1) return json("{}");
      socket.destroy();
      return undefined;
    });
    await engine.info();
    expect(requests).toEqual(["HEAD /_ping", "GET /v1.44/info", "GET /v1.44/info"]);
  });
});

describe("no answer", () => {
  it("is told with the engine's address and what to do", async () => {
    const directory = await mkdtemp(join(tmpdir(), "gantry-wire-"));
    const url = `unix://${directory}/none.sock`;
    const nowhere = connect(parseAddress(url));
    await expect(nowhere.info()).rejects.toMatchObject({
      name: "EngineError",
      status: undefined,
      message: `no engine at ${url}: there is no such socket`,
      hint: "start it, or name another engine with --engine or DOCKER_HOST",
    });
    const server = createServer().listen(join(directory, "left.sock"));
    await once(server, "listening");
    const left = connect(parseAddress("tcp://127.0.0.1:1"));
    await expect(left.ping()).rejects.toThrow("the engine at tcp://127.0.0.1:1 does not answer: nobody listens there");
    const unknown = connect(parseAddress("tcp://engine.invalid:1"));
    await expect(unknown.ping()).rejects.toThrow("its host name has no address");
    server.close();
    await rm(directory, { recursive: true });
  });
});
