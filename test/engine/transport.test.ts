import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Address, parseAddress } from "../../src/engine/address.ts";
import { chooseEngine } from "../../src/engine/choose.ts";
import { connect } from "../../src/engine/client.ts";
import { collect, create, engineUrls, makeImage, missing, removeAll } from "./engines.ts";

const certificates = fileURLToPath(new URL("certificates", import.meta.url));

for (const url of engineUrls.filter((each) => each.startsWith("unix:"))) {
  const reason = await missing(url);
  if (reason !== undefined) describe.skip(`the engine at ${url} (left out: ${reason})`, () => it("answers", () => {}));
  else describe(`the engine at ${url} is reached`, { timeout: 30_000 }, () => reach(url));
}

function reach(url: string): void {
  const path = url.slice("unix://".length);
  const direct = connect(parseAddress(url));
  const servers: Server[] = [];
  beforeAll(() => makeImage(direct));
  afterAll(async () => {
    for (const server of servers) server.close();
    await removeAll(direct);
    direct.close();
  });

  /** Passes bytes on to the engine, each direction by itself. */
  const relay = (client: Socket) => {
    const engine = dial({ path, allowHalfOpen: true });
    client.pipe(engine).pipe(client);
    for (const socket of [client, engine]) socket.on("error", () => client.destroy() && engine.destroy());
  };
  const listen = async (server: Server): Promise<number> => {
    servers.push(server.listen(0, "127.0.0.1"));
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };

  /** Plain calls, many at once, a stream that is left early, and a hijacked connection whose input ends first. */
  const exercise = async (address: Address) => {
    const engine = connect(address);
    const ids = await Promise.all(Array.from({ length: 5 }, () => create(engine, "echo hello")));
    await Promise.all(ids.map((id) => engine.containerStart({ id })));
    const [id = ""] = ids;
    for await (const _ of await engine.containerLogs({ id, tty: false, stdout: true, follow: true })) break;
    const cat = await create(engine, "cat; echo end", { OpenStdin: true, StdinOnce: true, AttachStdin: true });
    const connection = await engine.containerAttach({ id: cat, tty: false, stream: true, stdin: true, stdout: true });
    await engine.containerStart({ id: cat });
    await connection.write(Buffer.from("over\n"));
    connection.closeWrite();
    expect((await collect(connection.frames)).stdout).toBe("over\nend\n");
    await Promise.all([...ids, cat].map((each) => engine.containerRemove({ id: each, force: true })));
    engine.close();
  };

  it("over tcp", async () => {
    const port = await listen(createServer({ allowHalfOpen: true }, relay));
    await exercise(parseAddress(`tcp://127.0.0.1:${port}`));
  });

  it("over TLS, with certificates on both sides", async () => {
    const [key, cert] = await Promise.all(["key.pem", "cert.pem"].map((file) => readFile(join(certificates, file))));
    const tls = { key, cert, ca: cert, requestCert: true, rejectUnauthorized: true, allowHalfOpen: true };
    const port = await listen(createTlsServer(tls, relay));
    const DOCKER_HOST = `tcp://localhost:${port}`;
    const verified = { DOCKER_HOST, DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: certificates };
    await exercise(await chooseEngine({ environment: new Map(Object.entries(verified)) }));
    const stranger = connect(parseAddress(`https://localhost:${port}`));
    await expect(stranger.info()).rejects.toMatchObject({
      name: "EngineError",
      message: expect.stringContaining("no TLS connection"),
      hint: expect.stringContaining("DOCKER_CERT_PATH"),
    });
    stranger.close();
  });

  describe("over ssh", () => {
    let directory: string;
    const before = process.env.PATH;
    beforeAll(async () => {
      // No ssh server is there to log in to: a program in ssh's place, which does what `docker system dial-stdio` does.
      directory = await mkdtemp(join(tmpdir(), "gantry-ssh-"));
      const program = `#!${process.execPath}
        const { connect } = require("node:net");
        if (process.argv.includes("nobody")) { console.error("Permission denied (publickey)."); process.exit(255); }
        if (!process.argv.join(" ").endsWith("-- there docker system dial-stdio")) process.exit(1);
        const engine = connect({ path: ${JSON.stringify(path)}, allowHalfOpen: true });
        process.stdin.pipe(engine).pipe(process.stdout);
      `;
      await writeFile(join(directory, "ssh"), program);
      await chmod(join(directory, "ssh"), 0o755);
      process.env.PATH = `${directory}:${before}`;
    });
    afterAll(async () => {
      process.env.PATH = before;
      await rm(directory, { recursive: true });
    });

    it("through the docker command on the other side", () => exercise(parseAddress("ssh://there")));

    it("or not, and then ssh's own words are told", async () => {
      const engine = connect(parseAddress("ssh://nobody@there"));
      await expect(engine.info()).rejects.toMatchObject({
        name: "EngineError",
        message: "ssh to there failed: Permission denied (publickey).",
      });
      engine.close();
    });
  });
}
