import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer, connect as dial, type Socket } from "node:net";
import os from "node:os";
import path from "node:path";
import { expect } from "vitest";
import { idle, idsOf, image, onEveryEngine, type Stack } from "./harness.ts";
import { filesInContainer, startWatching, untilEqual, type Watching } from "./watching.ts";

const web = (rules: string, more = "") =>
  `services:\n  web:\n    image: "${image}"\n    command: ${idle}\n    network_mode: none\n${more}    develop:\n      watch: [${rules}]\n`;
const sync = "{ action: sync, path: src, target: /app }";
const built = `services:\n  web:\n    build: app\n    command: ${idle}\n    network_mode: none\n    develop: { watch: [{ action: rebuild, path: app }] }\n`;
const folders = { from: "src", to: "/app" };
const at = ({ folder }: Stack, name: string) => path.join(folder, name);
const idOf = async (stack: Stack) => idsOf(await stack.containers())["web-1"] ?? "";
const warningsOf = ({ events }: Watching) => events.flatMap((each) => (each.type === "warning" ? [each] : []));

/** An engine that can be taken away: what listens here passes all on to the engine. */
async function openDoor({ url }: Stack) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "gantry-door-"));
  const socketPath = path.join(folder, "engine.sock");
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = dial({ path: url.replace("unix://", ""), allowHalfOpen: true });
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on("error", () => {}).once("close", () => open.delete(socket));
    }
    near.pipe(far).pipe(near);
    near.once("close", () => far.destroy());
    far.once("close", () => near.destroy());
  });
  const door = {
    url: `unix://${socketPath}`,
    open: () => new Promise<void>((resolve) => server.listen(socketPath, () => resolve())),
    shut: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
    [Symbol.asyncDispose]: async () => {
      if (server.listening) await door.shut();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await door.open();
  return door;
}

onEveryEngine("watch, when things go wrong", (scenario) => {
  scenario(
    "an engine that goes away is waited for, and what changed meanwhile is made up for, the model too",
    { "compose.yaml": web(sync), "src/a": "1", "src/b": "1" },
    async (stack) => {
      await using door = await openDoor(stack);
      await using watching = await startWatching(stack, ["watch", "--json"], { DOCKER_HOST: door.url });
      await door.shut();
      await watching.event("engine-lost");
      stack.write({ "src/a": "2" });
      rmSync(at(stack, "src/b"));
      stack.write({ "compose.yaml": web(sync, "    environment: { A: '1' }\n") });
      await watching.event("model-broken");
      await door.open();
      await watching.event("engine-back");
      await watching.event("model-applied");
      await untilEqual(stack, watching, "web-1", folders);
      const { Config } = await stack.engine.containerInspect({ id: await idOf(stack) });
      expect(Config.Env).toContain("A=1");
      stack.write({ "src/a": "3" });
      await untilEqual(stack, watching, "web-1", folders);
    },
  );

  scenario(
    "a container that a change of the model replaces gets what was changed before, deletions too, and only by rules that are left",
    {
      "compose.yaml": web(`${sync}, { action: sync, path: other, target: /other }`),
      "src/a": "1",
      "other/a": "1",
    },
    async (stack) => {
      await using watching = await startWatching(stack);
      stack.write({ "src/a": "2", "src/b": "2", "other/a": "2" });
      await untilEqual(stack, watching, "web-1", folders);
      await untilEqual(stack, watching, "web-1", { from: "other", to: "/other" });
      const before = await idOf(stack);
      stack.write({ "compose.yaml": web(sync, "    environment: { A: '1' }\n") });
      await watching.event("model-applied");
      await untilEqual(stack, watching, "web-1", folders);
      expect(await idOf(stack)).not.toBe(before);
      expect(await filesInContainer(stack, await idOf(stack), "/other")).toEqual({});
      rmSync(at(stack, "src/b"));
      await untilEqual(stack, watching, "web-1", folders);
    },
  );

  scenario(
    "a build that a change of the model interrupts begins again",
    {
      "compose.yaml": built,
      "app/Dockerfile": `FROM ${image}\nCOPY file /made/file\n`,
      "app/file": "1",
    },
    async (stack) => {
      await using watching = await startWatching(stack);
      stack.write({ "app/Dockerfile": `FROM ${image}\nCOPY file /made/file\nRUN sleep 3\n`, "app/file": "2" });
      await watching.event("rebuild-started");
      stack.write({ "compose.yaml": `${built}    environment: { A: "1" }\n` });
      await watching.event("model-applied");
      await watching.event("rebuilt");
      expect(await filesInContainer(stack, await idOf(stack), "/made")).toEqual({ file: "file 644 2" });
    },
  );

  scenario(
    "a folder that is taken away and made again at once, with something in it, is watched on",
    { "compose.yaml": web("{ action: sync, path: src, target: /app, initial_sync: true }"), "src/d/e/old": "1" },
    async (stack) => {
      await using watching = await startWatching(stack);
      for (const name of ["new", "newer"]) {
        rmSync(at(stack, "src/d"), { recursive: true });
        stack.write({ [`src/d/e/${name}`]: "2" });
        await untilEqual(stack, watching, "web-1", folders);
        stack.write({ "src/d/later": name });
        await untilEqual(stack, watching, "web-1", folders);
        stack.write({ "src/d/e/later": name });
        await untilEqual(stack, watching, "web-1", folders);
      }
    },
  );

  scenario(
    "a container that stops while files change has them when it runs again; one that is removed too, in its successor",
    { "compose.yaml": web(sync), "src/a": "1" },
    async (stack) => {
      await using watching = await startWatching(stack);
      const files = Array.from({ length: 300 }, (_, i) => [`src/d/f${i}`, `${i}`.repeat(1000)] as const);
      stack.write(Object.fromEntries(files));
      await stack.engine.containerStop({ id: await idOf(stack), t: 0 });
      stack.write({ "src/a": "2" });
      await stack.engine.containerStart({ id: await idOf(stack) });
      await untilEqual(stack, watching, "web-1", folders);
      rmSync(at(stack, "src/d"), { recursive: true });
      await stack.engine.containerRemove({ id: await idOf(stack), force: true });
      stack.write({ "src/a": "3" });
      expect((await stack.gantry("up", "-d")).exitCode).toBe(0);
      await untilEqual(stack, watching, "web-1", folders);
    },
  );

  scenario(
    "10,000 files at once, as of a checkout, all come, and all go",
    { "compose.yaml": web(sync), "src/keep": "k" },
    async (stack) => {
      await using watching = await startWatching(stack);
      const files = Array.from({ length: 10_000 }, (_, i) => [`src/d${i % 50}/f${i}`, `text ${i}`] as const);
      stack.write(Object.fromEntries(files));
      stack.write({ "src/keep": "last" });
      await untilEqual(stack, watching, "web-1", folders);
      for (let i = 0; i < 50; i++) rmSync(at(stack, `src/d${i}`), { recursive: true });
      await untilEqual(stack, watching, "web-1", folders);
      expect(watching.events.filter(({ type }) => type !== "ready" && type !== "synced")).toEqual([]);
    },
  );

  scenario(
    "a batch that the container cannot take is said, tried again whole, and is there when it can",
    { "compose.yaml": web("{ action: sync, path: src, target: /app/in }"), "src/a": "1" },
    async (stack) => {
      const { exitCode } = await stack.gantry("up", "-d");
      expect(exitCode).toBe(0);
      await using watching = await startWatching(stack);
      const inside = (...command: readonly string[]) => stack.gantry("exec", "-T", "web", ...command);
      // A file where the target's folder is to be.
      await inside("touch", "/app");
      stack.write({ "src/a": "2", "src/b": "2" });
      const failed = await watching.event("sync-failed");
      expect(failed.retryIn).toBe(200);
      await inside("busybox", "rm", "/app");
      stack.write({ "src/c": "2" });
      await untilEqual(stack, watching, "web-1", { from: "src", to: "/app/in" });
    },
  );

  scenario(
    "an image with nothing in it that removes files: what is new comes all the same, and what stays is said",
    {
      "compose.yaml": `services:
  web:
    build: .
    command: ["/sleep", "1000000"]
    network_mode: none
    stop_signal: SIGKILL
    develop: { watch: [${sync}] }
`,
      Dockerfile: "FROM scratch\nCOPY sleep /sleep\n",
      ".dockerignore": "*\n!sleep\n!src\n",
      "src/a": "1",
    },
    async (stack) => {
      copyFileSync("/bin/busybox", at(stack, "sleep"));
      await using watching = await startWatching(stack);
      stack.write({ "src/a": "2", "src/b": "2" });
      await untilEqual(stack, watching, "web-1", folders);
      rmSync(at(stack, "src/b"));
      stack.write({ "src/c": "3" });
      const files = async () => Object.keys(await filesInContainer(stack, await idOf(stack), "/app"));
      await watching.until(async () => (await files()).includes("c"));
      if ((await stack.engine.info()).ArchiveWhiteouts === true) {
        await untilEqual(stack, watching, "web-1", folders);
        expect(warningsOf(watching)).toEqual([]);
      } else {
        const message = "/app/b cannot be removed in the container, whose image has no program for that";
        expect(warningsOf(watching)).toMatchObject([{ message }]);
      }
      stack.write({ "src/a": "4" });
      await watching.until(async () => (await filesInContainer(stack, await idOf(stack), "/app")).a === "file 644 4");
    },
  );

  scenario(
    "a folder without permission and one outside of the project are said, and the rest is watched",
    {
      "project/compose.yaml": web(
        `{ action: sync, path: ../outside, target: /outside }, { action: sync, path: closed, target: /closed }, ${sync}`,
      ),
      "outside/a": "1",
      "project/closed/a": "1",
      "project/src/a": "1",
    },
    async (stack) => {
      chmodSync(at(stack, "project/closed"), 0o000);
      // Without capabilities over files even root has to be permitted.
      const apart = ["unshare", "--user"];
      await using watching = await startWatching(stack, ["-f", "project/compose.yaml", "watch", "--json"], {}, apart);
      const warnings = warningsOf(watching).map(({ message }) => message);
      expect(warnings).toContain(`${at(stack, "outside")} is outside of the project`);
      await watching.until(async () =>
        warningsOf(watching).some(
          ({ message }) => message === `${at(stack, "project/closed")} cannot be read (EACCES)`,
        ),
      );
      stack.write({ "project/src/a": "2", "outside/a": "2" });
      await untilEqual(stack, watching, "web-1", { from: "project/src", to: "/app" });
      await untilEqual(stack, watching, "web-1", { from: "outside", to: "/outside" });
      chmodSync(at(stack, "project/closed"), 0o755);
    },
  );

  scenario(
    "where the kernel has no watches left, that is said with what to raise, and files are found by looking",
    { "compose.yaml": web("{ action: sync, path: src, target: /app, initial_sync: true }"), "src/a": "1" },
    async (stack) => {
      for (let i = 0; i < 20; i++) mkdirSync(at(stack, `src/d${i}`));
      const few = ["unshare", "--user", "--map-root-user", "sh", "-c"];
      const limit = 'echo 5 > /proc/sys/user/max_inotify_watches; exec "$@"';
      await using watching = await startWatching(stack, ["watch", "--json"], {}, [...few, limit, "sh"]);
      await watching.until(async () => warningsOf(watching).length > 0);
      expect(warningsOf(watching)).toEqual([
        {
          type: "warning",
          message: "the system has no more watches for files (ENOSPC), so the folders are polled, which is slower",
          hint: "raise the limit: sysctl fs.inotify.max_user_watches=524288",
        },
      ]);
      stack.write({ "src/a": "2", "src/d7/new": "here" });
      symlinkSync("a", at(stack, "src/link"));
      await untilEqual(stack, watching, "web-1", folders);
      rmSync(at(stack, "src/d7"), { recursive: true });
      await untilEqual(stack, watching, "web-1", folders);
    },
  );
});
