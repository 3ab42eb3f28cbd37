import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chooseEngine, socketPaths } from "../../src/engine/choose.ts";

let home: string;
const servers: Server[] = [];
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "gantry-choose-"));
});
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await rm(home, { recursive: true });
});

const choose = (more: Record<string, string> = {}, engine?: string) =>
  chooseEngine({
    ...(engine === undefined ? {} : { engine }),
    environment: new Map(Object.entries({ HOME: home, ...more })),
  });

async function write(path: string, content: unknown): Promise<void> {
  const file = join(home, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
}

const digestOf = (name: string) => createHash("sha256").update(name).digest("hex");

async function writeContext(name: string, docker: unknown, directory = ".docker"): Promise<void> {
  await write(`${directory}/contexts/meta/${digestOf(name)}/meta.json`, { Name: name, Endpoints: { docker } });
}

describe("the engine is", () => {
  it("the one of --engine, before GANTRY_ENGINE, before DOCKER_HOST, before the context", async () => {
    await write(".docker/config.json", { currentContext: "far" });
    await writeContext("far", { Host: "tcp://context:1" });
    const both = { GANTRY_ENGINE: "tcp://gantry:1", DOCKER_HOST: "tcp://docker:1" };
    expect(await choose(both, "tcp://flag:1")).toMatchObject({ host: "flag" });
    expect(await choose(both)).toMatchObject({ host: "gantry" });
    expect(await choose({ DOCKER_HOST: "tcp://docker:1", DOCKER_CONTEXT: "far" })).toMatchObject({ host: "docker" });
    expect(await choose()).toMatchObject({ host: "context" });
  });

  it("that of the context which DOCKER_CONTEXT names, in the directory which DOCKER_CONFIG names", async () => {
    await write("elsewhere/config.json", { currentContext: "far" });
    await writeContext("near", { Host: "unix:///near.sock" }, "elsewhere");
    const environment = { DOCKER_CONFIG: join(home, "elsewhere"), DOCKER_CONTEXT: "near" };
    expect(await choose(environment)).toEqual({ kind: "unix", url: "unix:///near.sock", path: "/near.sock" });
  });

  it("reached with a context's certificates", async () => {
    await writeContext("far", { Host: "tcp://far.example:2376", SkipTLSVerify: true });
    const tls = `.docker/contexts/tls/${digestOf("far")}/docker`;
    for (const file of ["ca", "cert", "key"]) await write(`${tls}/${file}.pem`, file.toUpperCase());
    expect(await choose({ DOCKER_CONTEXT: "far" })).toMatchObject({
      tls: { verify: false, ca: "CA", cert: "CERT", key: "KEY" },
    });
  });

  it("reached with the certificates in DOCKER_CERT_PATH when DOCKER_TLS_VERIFY is set", async () => {
    for (const file of ["ca", "cert", "key"]) await write(`certs/${file}.pem`, file.toUpperCase());
    const environment = { DOCKER_HOST: "tcp://far", DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: join(home, "certs") };
    expect(await choose(environment)).toMatchObject({
      port: 2376,
      tls: { verify: true, ca: "CA", cert: "CERT", key: "KEY" },
    });
    await rm(join(home, "certs/key.pem"));
    await expect(choose(environment)).rejects.toThrow("has cert.pem but no key.pem");
  });

  it("spoken to in the version that DOCKER_API_VERSION fixes", async () => {
    expect(await choose({ DOCKER_HOST: "tcp://a", DOCKER_API_VERSION: "v1.40" })).toMatchObject({ apiVersion: "1.40" });
    for (const DOCKER_API_VERSION of ["new", "1.12", "2.0"]) {
      await expect(choose({ DOCKER_HOST: "tcp://a", DOCKER_API_VERSION })).rejects.toThrow(DOCKER_API_VERSION);
    }
  });

  it("a socket that answers, where several are there and some are left over", async () => {
    const runtime = join(home, "run");
    const [, , , alive] = socketPaths(runtime);
    expect(alive).toBe(join(runtime, "podman/podman.sock"));
    await mkdir(join(runtime, "podman"), { recursive: true });
    const server = createServer().listen(alive);
    servers.push(server);
    await once(server, "listening");
    const chosen = await choose({ XDG_RUNTIME_DIR: runtime });
    // A machine with docker running answers at its own socket, which comes first.
    expect([alive, "/var/run/docker.sock"]).toContain(chosen.kind === "unix" && chosen.path);
  });
});

describe("the embedded engine is", () => {
  const embedded = async () => "unix:///own.sock";

  it("the one that is asked for by its name", async () => {
    const environment = new Map([["HOME", home]]);
    expect(await chooseEngine({ engine: "embedded", environment, embedded })).toMatchObject({ path: "/own.sock" });
  });

  it("not started for a context or an address that names another one", async () => {
    const never = () => Promise.reject(new Error("started"));
    const environment = new Map([["DOCKER_HOST", "tcp://docker:1"]]);
    expect(await chooseEngine({ environment, embedded: never })).toMatchObject({ host: "docker" });
  });
});

describe("it is said what is wrong and what to do", () => {
  it("when the context does not exist", async () => {
    await expect(choose({ DOCKER_CONTEXT: "gone" })).rejects.toMatchObject({
      message: 'docker context "gone" does not exist',
      hint: expect.stringContaining("docker context ls"),
    });
  });

  it("when the context names no engine, or is damaged", async () => {
    await writeContext("empty", {});
    await expect(choose({ DOCKER_CONTEXT: "empty" })).rejects.toThrow("names no engine");
    await write(`.docker/contexts/meta/${digestOf("broken")}/meta.json`, "{");
    await expect(choose({ DOCKER_CONTEXT: "broken" })).rejects.toThrow("not a JSON object");
  });

  it("when docker's config.json is damaged, without quoting it", async () => {
    await write(".docker/config.json", '{"auths":{"x":{"auth":"c2VjcmV0"}}');
    await expect(choose()).rejects.toMatchObject({
      message: `${join(home, ".docker/config.json")}: not a JSON object`,
    });
  });

  it("when the embedded engine is asked for where there is none", async () => {
    await expect(choose({}, "embedded")).rejects.toThrow("the embedded engine runs on Linux only");
  });
});
