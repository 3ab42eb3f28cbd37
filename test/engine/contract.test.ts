import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAddress } from "../../src/engine/address.ts";
import type { EngineEvent, Frame } from "../../src/engine/api.ts";
import { compareApi, newestApi } from "../../src/engine/api-version.ts";
import { packFiles } from "../../src/engine/build-context.ts";
import { connect, type EngineClient } from "../../src/engine/client.ts";
import { serve } from "../../src/engine/serve.ts";
import { EngineError } from "../../src/errors.ts";
import {
  collect,
  create,
  engineUrls,
  makeImage,
  missing,
  ours,
  removeAll,
  run,
  testImage,
  testLabel,
} from "./engines.ts";

for (const url of engineUrls) {
  const reason = await missing(url);
  if (reason !== undefined) describe.skip(`the engine at ${url} (left out: ${reason})`, () => it("answers", () => {}));
  else {
    describe(`the engine at ${url}`, { timeout: 30_000 }, () => contract(url));
    describe(`the engine at ${url}, served by us`, { timeout: 30_000 }, async () => contract(await serveAgain(url)));
  }
}

/** What our server makes of an engine that our client reaches is that engine again. */
async function serveAgain(url: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "gantry-served-"));
  const socket = path.join(folder, "engine.sock");
  const behind = connect(parseAddress(url));
  const bugs: unknown[] = [];
  const server = serve(behind, {
    name: "Gantry/test (linux)",
    apiVersion: await behind.apiVersion(),
    onBug: (error) => bugs.push(error),
  });
  server.listen(socket);
  await once(server, "listening");
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    behind.close();
    await rm(folder, { recursive: true });
    expect(bugs).toEqual([]);
  });
  return `unix://${socket}`;
}

function contract(url: string): void {
  const address = parseAddress(url);
  const name = (suffix: string) => `gantry-engine-test-${run}-${suffix}`;
  let engine: EngineClient;
  beforeAll(async () => {
    engine = connect(address);
    await makeImage(engine);
  });
  afterAll(async () => {
    await removeAll(engine);
    engine.close();
  });

  describe("as a whole", () => {
    it("is spoken to in the newest API version that both sides know", async () => {
      const { ApiVersion } = await engine.version();
      expect(await engine.apiVersion()).toBe(compareApi(ApiVersion, newestApi) < 0 ? ApiVersion : newestApi);
      expect((await engine.info()).ServerVersion).toBe((await engine.version()).Version);
    });

    it("is spoken to in the version that the address fixes, and says so itself when that is too new", async () => {
      const old = connect({ ...address, apiVersion: "1.41" });
      expect((await old.imageInspect({ name: testImage })).RepoTags).toEqual([testImage]);
      old.close();
      const tooNew = connect({ ...address, apiVersion: "1.99" });
      await expect(tooNew.info()).rejects.toMatchObject({ status: 400, message: expect.stringContaining("too new") });
      tooNew.close();
    });

    it("takes many calls at once", async () => {
      const ids = await Promise.all(Array.from({ length: 30 }, () => create(engine, "true")));
      const inspected = await Promise.all(ids.map((id) => engine.containerInspect({ id })));
      expect(inspected.map(({ Id }) => Id)).toEqual(ids);
      await Promise.all(ids.map((id) => engine.containerRemove({ id })));
    });

    it("tells events that pass the filters until the call is aborted", async () => {
      const stop = new AbortController();
      const filters = { ...ours, type: ["container"], event: ["create", "die"] };
      const events = await engine.events({ filters }, { signal: stop.signal });
      const id = await create(engine, "exit 7");
      await engine.containerStart({ id });
      const seen: EngineEvent[] = [];
      const reading = (async () => {
        for await (const event of events) {
          if (event.Actor.ID === id) seen.push(event);
          if (seen.length === 2) stop.abort(new Error("enough"));
        }
      })();
      await expect(reading).rejects.toThrow("enough");
      expect(seen.map(({ Action }) => Action)).toEqual(["create", "die"]);
      expect(seen[1]?.Actor.Attributes.exitCode).toBe("7");
    });
  });

  describe("with a container", () => {
    it("creates, starts, stops and removes it; starting or stopping it twice is no error", async () => {
      const body = { Image: testImage, Cmd: ["busybox", "sleep", "60"], Labels: testLabel, StopSignal: "SIGKILL" };
      const { Id: id } = await engine.containerCreate({ name: name("cycle"), platform: "linux/amd64", body });
      expect((await engine.containerInspect({ id })).State.Status).toBe("created");
      await engine.containerStart({ id });
      await engine.containerStart({ id });
      const inspected = await engine.containerInspect({ id: name("cycle") });
      expect(inspected).toMatchObject({ Id: id, Name: `/${name("cycle")}`, State: { Running: true } });
      expect(inspected.Config.Env).toContain("MADE=here");
      const [listed] = await engine.containerList({ filters: { name: [name("cycle")] } });
      expect(listed).toMatchObject({ Id: id, State: "running", Labels: testLabel });
      await engine.containerStop({ id, t: 0 });
      await engine.containerStop({ id, t: 0 });
      await engine.containerRemove({ id });
      await expect(engine.containerInspect({ id })).rejects.toBeInstanceOf(EngineError);
    });

    it("restarts, renames, pauses, updates and kills it, and lists its processes", async () => {
      const id = await create(engine, "exec sleep 60");
      await engine.containerStart({ id });
      const before = (await engine.containerInspect({ id })).State.StartedAt;
      await engine.containerRestart({ id, t: 0 });
      expect((await engine.containerInspect({ id })).State.StartedAt).not.toBe(before);
      await engine.containerRename({ id, name: name("renamed") });
      expect((await engine.containerInspect({ id })).Name).toBe(`/${name("renamed")}`);
      await engine.containerUpdate({ id, body: { RestartPolicy: { Name: "on-failure", MaximumRetryCount: 2 } } });
      expect((await engine.containerInspect({ id })).HostConfig.RestartPolicy?.Name).toBe("on-failure");
      expect((await engine.containerTop({ id })).Processes.flat().join(" ")).toContain("sleep 60");
      await engine.containerPause({ id });
      expect((await engine.containerInspect({ id })).State.Paused).toBe(true);
      await engine.containerUnpause({ id });
      await engine.containerUpdate({ id, body: { RestartPolicy: { Name: "no" } } });
      const ended = engine.containerWait({ id });
      await engine.containerKill({ id, signal: "SIGKILL" });
      expect((await ended).StatusCode).toBe(137);
    });

    it("takes a wait on before it answers it, so that no exit is missed", async () => {
      const id = await create(engine, "exit 3");
      let taken = () => {};
      const accepted = new Promise<void>((resolve) => {
        taken = resolve;
      });
      const ended = engine.containerWait({ id, condition: "next-exit" }, { accepted: taken });
      await accepted;
      await engine.containerStart({ id });
      expect((await ended).StatusCode).toBe(3);
    });

    it("gives the first line to who attached before the start", async () => {
      const id = await create(engine, "echo first; echo problem >&2; echo last");
      const connection = await engine.containerAttach({ id, tty: false, stream: true, stdout: true, stderr: true });
      await engine.containerStart({ id });
      expect(await collect(connection.frames)).toEqual({ stdout: "first\nlast\n", stderr: "problem\n" });
    });

    it("sends what is written to an attached container, and goes on reading after the writing end is closed", async () => {
      const more = { OpenStdin: true, StdinOnce: true, AttachStdin: true };
      const id = await create(engine, "cat; echo end", more);
      const connection = await engine.containerAttach({ id, tty: false, stream: true, stdin: true, stdout: true });
      await engine.containerStart({ id });
      const long = "x".repeat(300_000);
      const output = collect(connection.frames);
      await connection.write(Buffer.from(long));
      connection.closeWrite();
      expect((await output).stdout).toBe(`${long}end\n`);
    });

    it("logs what it wrote, by stream, from its end, and while it goes on", async () => {
      const id = await create(engine, "echo one; echo two >&2; echo three; sleep 0.2; echo four");
      await engine.containerStart({ id });
      const both = { id, tty: false, stdout: true, stderr: true };
      const followed = await collect(await engine.containerLogs({ ...both, follow: true }));
      expect(followed).toEqual({ stdout: "one\nthree\nfour\n", stderr: "two\n" });
      const errors = await collect(await engine.containerLogs({ id, tty: false, stderr: true }));
      expect(errors).toEqual({ stdout: "", stderr: "two\n" });
      const last = await collect(await engine.containerLogs({ ...both, tail: "1" }));
      expect(last).toEqual({ stdout: "four\n", stderr: "" });
    });

    it("gives a terminal's output unframed, and takes its size", async () => {
      const id = await create(engine, "read x; stty size; echo got $x", { Tty: true, OpenStdin: true });
      const connection = await engine.containerAttach({ id, tty: true, stream: true, stdin: true, stdout: true });
      await engine.containerStart({ id });
      await engine.containerResize({ id, h: 33, w: 111 });
      await connection.write(Buffer.from("it\n"));
      expect(await collect(connection.frames)).toEqual({ stdout: "it\r\n33 111\r\ngot it\r\n", stderr: "" });
      const logs = await collect(await engine.containerLogs({ id, tty: true, stdout: true, stderr: true }));
      expect(logs.stdout).toContain("got it\r\n");
    });

    it("gives a terminal the last of the sizes that it was told, however fast they came", async () => {
      const script = "until [ \"$(stty size)\" = '5 60' ]; do sleep 0.05; done; echo it is";
      const id = await create(engine, script, { Tty: true });
      await engine.containerStart({ id });
      for (const h of [9, 8, 7, 6, 5]) await engine.containerResize({ id, h, w: 60 });
      expect((await engine.containerWait({ id })).StatusCode).toBe(0);
    });

    it("ends a call at once when it is aborted, and when its output is read no further", async () => {
      const id = await create(engine, "while true; do echo line; done");
      await engine.containerStart({ id });
      const stop = new AbortController();
      const waiting = engine.containerWait(
        { id },
        { signal: stop.signal, accepted: () => stop.abort(new Error("no")) },
      );
      await expect(waiting).rejects.toThrow("no");
      await expect(engine.info({}, { signal: stop.signal })).rejects.toThrow("no");
      let first: Frame | undefined;
      for await (const frame of await engine.containerLogs({ id, tty: false, stdout: true, follow: true })) {
        first = frame;
        break;
      }
      // How many lines a frame holds is the engine's affair.
      expect(first?.data.toString()).toMatch(/^(line\n)+$/);
      const enough = new AbortController();
      const what = { id, tty: false, stream: true, stdout: true };
      const connection = await engine.containerAttach(what, { signal: enough.signal });
      const reading = async () => {
        for await (const _ of connection.frames) enough.abort(new Error("enough"));
      };
      await expect(reading()).rejects.toThrow("enough");
      await engine.containerRemove({ id, force: true });
    });

    it("runs a command in it: stdin ends by half-close, the exit code is told", async () => {
      const id = await create(engine, "exec sleep 60");
      await engine.containerStart({ id });
      const Cmd = ["sh", "-c", "cat; echo done >&2; exit 5"];
      const body = { AttachStdin: true, AttachStdout: true, AttachStderr: true, Cmd };
      const exec = await engine.execCreate({ id, body });
      const connection = await engine.execStart({ id: exec.Id, tty: false, body: { Detach: false, Tty: false } });
      await connection.write(Buffer.from("hello "));
      await connection.write(Buffer.from("there\n"));
      connection.closeWrite();
      expect(await collect(connection.frames)).toEqual({ stdout: "hello there\n", stderr: "done\n" });
      expect(await engine.execInspect({ id: exec.Id })).toMatchObject({ Running: false, ExitCode: 5 });
      const detached = await engine.execCreate({ id, body: { Cmd: ["busybox", "touch", "/made"] } });
      const nothing = await engine.execStart({ id: detached.Id, tty: false, body: { Detach: true, Tty: false } });
      expect(await collect(nothing.frames)).toEqual({ stdout: "", stderr: "" });
      await engine.containerRemove({ id, force: true });
    });

    it("takes files before it is started, and gives them back as a tar", async () => {
      const id = await create(engine, "cat /etc/secrets/key; stat -c '%a %u %g' /etc/secrets/key");
      const file = { path: "/etc/secrets/key", content: "top secret ü\n", uid: 12, gid: 34, mode: 0o440 };
      await engine.containerArchivePut({ id, path: "/", stream: packFiles([file]) });
      const connection = await engine.containerAttach({ id, tty: false, stream: true, stdout: true });
      await engine.containerStart({ id });
      expect((await collect(connection.frames)).stdout).toBe("top secret ü\n440 12 34\n");
      const chunks: Buffer[] = [];
      const { stat, tar } = await engine.containerArchiveGet({ id, path: "/etc/secrets/key" });
      expect(stat).toMatchObject({ name: "key", linkTarget: "" });
      expect(await engine.containerArchiveStat({ id, path: "/etc/secrets/key" })).toEqual(stat);
      for await (const chunk of tar) chunks.push(chunk);
      expect(Buffer.concat(chunks).toString()).toContain("top secret ü\n");
    });
  });

  describe("with images", () => {
    it("builds one, telling its progress, and tags, lists and removes it", async () => {
      const dockerfile = `FROM ${testImage}\nARG WHO=nobody\nRUN echo "made for $WHO" > /note\nCMD ["busybox", "cat", "/note"]\n`;
      const stream = packFiles([{ path: "/Dockerfile", content: dockerfile, uid: 0, gid: 0, mode: 0o644 }]);
      let log = "";
      const progress = await engine.imageBuild({
        stream,
        t: [name("built:1")],
        buildargs: { WHO: "you & me" },
        labels: testLabel,
        rm: true,
        auths: { "registry.invalid": { username: "a", password: "b" } },
      });
      for await (const line of progress) log += line.stream ?? "";
      expect(log).toContain("Successfully built");
      await engine.imageTag({ name: name("built:1"), repo: name("other/name"), tag: "2" });
      const image = await engine.imageInspect({ name: name("other/name:2"), manifests: true });
      expect([...(image.RepoTags ?? [])].sort()).toEqual([name("built:1"), name("other/name:2")]);
      expect(image.Config?.Labels).toMatchObject(testLabel);
      const listed = await engine.imageList({ filters: { reference: [name("built")] } });
      expect(listed.map(({ Id }) => Id)).toEqual([image.Id]);
      const { Id: id } = await engine.containerCreate({ body: { Image: name("built:1"), Labels: testLabel } });
      const connection = await engine.containerAttach({ id, tty: false, stream: true, stdout: true });
      await engine.containerStart({ id });
      expect((await collect(connection.frames)).stdout).toBe("made for you & me\n");
      await engine.containerRemove({ id, force: true });
      const removed = await engine.imageRemove({ name: name("built:1") });
      expect(removed).toContainEqual({ Untagged: name("built:1") });
      await engine.imageRemove({ name: name("other/name:2") });
    });

    it("ends a build that fails with the engine's words", async () => {
      const content = `FROM ${testImage}\nRUN exit 9\n`;
      const stream = packFiles([{ path: "/Dockerfile", content, uid: 0, gid: 0, mode: 0o644 }]);
      const building = (async () => {
        const steps: string[] = [];
        for await (const line of await engine.imageBuild({ stream, rm: true, forcerm: true }))
          steps.push(line.stream ?? "");
      })();
      await expect(building).rejects.toMatchObject({
        name: "EngineError",
        message: expect.stringMatching(/exit 9.*non-zero code: 9/),
      });
    });

    it("says in its own words that an image cannot be pulled", async () => {
      const pulling = (async () => {
        const args = { fromImage: "registry.invalid/none", tag: "1", auth: { username: "a", password: "b" } };
        for await (const _ of await engine.imagePull(args));
      })();
      await expect(pulling).rejects.toMatchObject({ name: "EngineError", message: expect.stringContaining("invalid") });
    });
  });

  describe("with networks and volumes", () => {
    it("creates, finds, joins and removes networks", async () => {
      // Two runs at the same time must not ask for the same addresses.
      const seed = Number.parseInt(run, 16);
      const range = `10.${200 + (seed % 50)}.${(seed >>> 8) % 256}`;
      const IPAM = { Config: [{ Subnet: `${range}.0/24` }] };
      const body = { Name: name("net"), Driver: "bridge", Labels: testLabel, IPAM, CheckDuplicate: true };
      const { Id: net } = await engine.networkCreate({ body });
      const [found] = await engine.networkList({ filters: { name: [name("net")] } });
      expect(found).toMatchObject({ Id: net, Name: name("net"), Labels: testLabel });
      const id = await create(engine, "exec sleep 60");
      const EndpointConfig = { Aliases: ["friend"], IPAMConfig: { IPv4Address: `${range}.9` } };
      await engine.networkConnect({ id: net, body: { Container: id, EndpointConfig } });
      await engine.containerStart({ id });
      const networks = (await engine.containerInspect({ id })).NetworkSettings.Networks ?? {};
      expect(networks[name("net")]).toMatchObject({ NetworkID: net, IPAddress: `${range}.9` });
      expect(Object.keys((await engine.networkInspect({ id: net, verbose: true })).Containers ?? {})).toEqual([id]);
      await expect(engine.networkRemove({ id: net })).rejects.toMatchObject({ status: 403 });
      await engine.networkDisconnect({ id: net, body: { Container: id, Force: true } });
      await engine.networkRemove({ id: net });
      await expect(engine.networkInspect({ id: net })).rejects.toMatchObject({ status: 404 });
      await engine.containerRemove({ id, force: true });
    });

    it("creates, finds and removes volumes", async () => {
      const made = await engine.volumeCreate({ body: { Name: name("vol"), Labels: testLabel } });
      expect(made).toMatchObject({ Name: name("vol"), Driver: "local" });
      const listed = await engine.volumeList({ filters: { name: [name("vol")] } });
      expect(listed.Volumes?.map(({ Name }) => Name)).toEqual([name("vol")]);
      expect((await engine.volumeInspect({ name: name("vol") })).Labels).toEqual(testLabel);
      await engine.volumeRemove({ name: name("vol") });
      await expect(engine.volumeInspect({ name: name("vol") })).rejects.toMatchObject({ status: 404 });
    });
  });

  describe("when it refuses", () => {
    it("gives its status and its own words", async () => {
      await expect(engine.containerStart({ id: "no-such-thing" })).rejects.toMatchObject({
        name: "EngineError",
        status: 404,
        message: expect.stringMatching(/no such container/i),
      });
      const body = { Image: testImage, Labels: testLabel, Cmd: ["true"] };
      const { Id: id } = await engine.containerCreate({ name: name("taken"), body });
      await expect(engine.containerCreate({ name: name("taken"), body })).rejects.toMatchObject({
        status: 409,
        message: expect.stringContaining("already in use"),
      });
      const attach = engine.containerAttach({ id: "no-such-thing", tty: false, stream: true, stdout: true });
      await expect(attach).rejects.toMatchObject({ status: 404 });
      await engine.containerRemove({ id });
    });

    it("ends an upload that it does not want, and its source is told to stop", async () => {
      let stopped = () => {};
      const told = new Promise<void>((resolve) => {
        stopped = resolve;
      });
      async function* endless() {
        try {
          for (;;) yield Buffer.alloc(64 * 1024);
        } finally {
          stopped();
        }
      }
      const putting = engine.containerArchivePut({ id: "no-such-thing", path: "/", stream: endless() });
      await expect(putting).rejects.toMatchObject({ status: 404 });
      await told;
    });

    it("is left alone when the source of an upload fails, and the call fails for that reason", async () => {
      const id = await create(engine, "true");
      async function* broken() {
        yield Buffer.alloc(512);
        throw new Error("the file is gone");
      }
      await expect(engine.containerArchivePut({ id, path: "/", stream: broken() })).rejects.toThrow("the file is gone");
      await engine.containerRemove({ id });
    });

    it("cuts what is under way when the client is closed", async () => {
      const own = connect(address);
      const id = await create(engine, "exec sleep 60");
      await engine.containerStart({ id });
      const accepted = new EventTarget();
      const waiting = own.containerWait({ id }, { accepted: () => accepted.dispatchEvent(new Event("now")) });
      waiting.catch(() => {});
      await once(accepted, "now");
      own.close();
      await expect(waiting).rejects.toMatchObject({ name: "EngineError", message: expect.stringContaining("closed") });
      await engine.containerRemove({ id, force: true });
    });
  });
}
