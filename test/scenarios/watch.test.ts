import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, vi } from "vitest";
import { idle, idsOf, image, onEveryEngine, runs, type Stack, seen, statesOf } from "./harness.ts";
import { filesInContainer, startWatching, untilEqual } from "./watching.ts";

/** A service with rules, written as one flow sequence. */
const web = (rules: string, more = "") =>
  `services:\n  web:\n    image: "${image}"\n    command: ${idle}\n    network_mode: none\n${more}    develop:\n      watch: [${rules}]\n`;
const built = (rules: string) =>
  `services:\n  web:\n    build: app\n    command: ${idle}\n    network_mode: none\n    stop_grace_period: 2s\n    develop:\n      watch: [${rules}]\n`;
const sync = "{ action: sync, path: src, target: /app }";
const folders = { from: "src", to: "/app" };

const idOf = async (stack: Stack) => idsOf(await stack.containers())["web-1"] ?? "";
const at = ({ folder }: Stack, name: string) => path.join(folder, name);
const textIn = async (stack: Stack, folder: string, name: string) =>
  (await filesInContainer(stack, await idOf(stack), folder))[name];

onEveryEngine("watch", (scenario) => {
  scenario(
    "sync: what is written, linked, renamed, made executable and removed is so in the container",
    { "compose.yaml": web(sync), "src/first": "1" },
    async (stack) => {
      await using watching = await startWatching(stack);
      stack.write({ "src/first": "changed", "src/deep/in/folders/file": "new" });
      chmodSync(at(stack, "src/first"), 0o755);
      symlinkSync("folders/file", at(stack, "src/deep/in/link"));
      await untilEqual(stack, watching, "web-1", folders);
      renameSync(at(stack, "src/deep/in"), at(stack, "src/deep/out"));
      rmSync(at(stack, "src/first"));
      stack.write({ "src/second": "2" });
      await untilEqual(stack, watching, "web-1", folders);
      rmSync(at(stack, "src/deep"), { recursive: true });
      writeFileSync(at(stack, "src/deep"), "a file now");
      await untilEqual(stack, watching, "web-1", folders);
      expect(watching.events.filter(({ type }) => type !== "ready" && type !== "synced")).toEqual([]);
      expect(await watching.stop()).toBe(130);
    },
  );

  scenario(
    "initial_sync brings what is there already, by the rules; ignored files, editors' files and .dockerignore's stay out",
    {
      "compose.yaml": `services:
  web:
    image: "${image}"
    build: .
    pull_policy: never
    command: ${idle}
    network_mode: none
    develop:
      watch: [{ action: sync, path: src, target: /app, initial_sync: true, include: ["*.js", "lib"], ignore: ["lib/old.js"] }]
`,
      ".dockerignore": "**/secret.js\n",
      "src/a.js": "a",
      "src/b.css": "b",
      "src/secret.js": "s",
      "src/lib/c.js": "c",
      "src/lib/old.js": "o",
      "src/a.js~": "backup",
    },
    async (stack) => {
      await using watching = await startWatching(stack);
      await watching.event("synced");
      const tree = await filesInContainer(stack, await idOf(stack), "/app");
      expect(Object.keys(tree)).toEqual(["a.js", "lib/", "lib/c.js"]);
      stack.write({ "src/d.css": "d", "src/.e.js.swp": "vim", "src/lib/old.js": "o2", "src/e.js": "e" });
      await watching.event("synced");
      const after = await filesInContainer(stack, await idOf(stack), "/app");
      expect(Object.keys(after)).toEqual(["a.js", "e.js", "lib/", "lib/c.js"]);
    },
  );

  scenario(
    "sync+restart: the same container starts again with the new file",
    { "compose.yaml": web("{ action: sync+restart, path: src, target: /app }"), "src/conf": "1" },
    async (stack) => {
      await using watching = await startWatching(stack);
      const before = await stack.engine.containerInspect({ id: await idOf(stack) });
      stack.write({ "src/conf": "2" });
      await watching.event("restarted");
      const after = await stack.engine.containerInspect({ id: await idOf(stack) });
      expect(after.Id).toBe(before.Id);
      expect(after.State.StartedAt).not.toBe(before.State.StartedAt);
      expect(await textIn(stack, "/app", "conf")).toBe("file 644 2");
    },
  );

  scenario(
    "restart: the container starts again, and nothing is copied",
    { "compose.yaml": web("{ action: restart, path: conf }"), conf: "1" },
    async (stack) => {
      await using watching = await startWatching(stack);
      const before = await stack.engine.containerInspect({ id: await idOf(stack) });
      stack.write({ conf: "2" });
      await watching.event("restarted");
      const after = await stack.engine.containerInspect({ id: await idOf(stack) });
      expect(after.State.StartedAt).not.toBe(before.State.StartedAt);
      expect(watching.events.some(({ type }) => type === "synced")).toBe(false);
    },
  );

  scenario(
    "sync+exec: the command runs when the file is there; one that fails is told with its output",
    {
      "compose.yaml": web(
        `{ action: sync+exec, path: src, target: /app, exec: { command: [sh, -c, "cat /app/conf; test ! -e /app/bad"] } }`,
      ),
      "src/conf": "1",
    },
    async (stack) => {
      await using watching = await startWatching(stack);
      stack.write({ "src/conf": "2" });
      expect(await watching.event("executed")).toMatchObject({ service: "web", containers: 1 });
      stack.write({ "src/bad": "x" });
      expect(await watching.event("exec-failed")).toMatchObject({
        error: { message: "exited with code 1" },
        output: ["2"],
      });
    },
  );

  scenario(
    "rebuild: the service gets a container of the new image, its neighbour keeps its own; a broken build changes nothing",
    {
      "compose.yaml": `${built("{ action: rebuild, path: app }")}  other: { image: "${image}", command: ${idle}, network_mode: none }\n`,
      "app/Dockerfile": `FROM ${image}\nCOPY file /file\n`,
      "app/file": "1",
    },
    async (stack) => {
      await using watching = await startWatching(stack);
      const before = idsOf(await stack.containers());
      stack.write({ "app/Dockerfile": "FROM nowhere.invalid/nothing\n" });
      await watching.event("rebuild-failed");
      expect(idsOf(await stack.containers())).toEqual(before);
      stack.write({ "app/Dockerfile": `FROM ${image}\nCOPY file /made/file\n`, "app/file": "2" });
      await watching.event("rebuilt");
      const after = await stack.containers();
      expect(idsOf(after)["other-1"]).toBe(before["other-1"]);
      expect(idsOf(after)["web-1"]).not.toBe(before["web-1"]);
      expect(statesOf(after)).toEqual({ "other-1": "running", "web-1": "running" });
      expect(await textIn(stack, "/made", "file")).toBe("file 644 2");
    },
  );

  scenario(
    "a build that newer changes made stale is cancelled, and what comes of it is the newest",
    {
      "compose.yaml": built("{ action: rebuild, path: app }"),
      "app/Dockerfile": `FROM ${image}\nCOPY file /made/file\n`,
      "app/file": "1",
    },
    async (stack) => {
      await using watching = await startWatching(stack);
      const nap = String(1e6 + Math.floor(Math.random() * 1e6));
      stack.write({ "app/Dockerfile": `FROM ${image}\nRUN sleep ${nap}\n` });
      await watching.event("rebuild-started");
      await vi.waitFor(() => expect(runs(nap)).toBe(true), { timeout: 60_000 });
      stack.write({ "app/Dockerfile": `FROM ${image}\nCOPY file /made/file\n`, "app/file": "newest" });
      await watching.event("rebuild-cancelled");
      await watching.event("rebuilt");
      expect(await textIn(stack, "/made", "file")).toBe("file 644 newest");
    },
  );

  scenario(
    "a branch switch, 1,000 files changed, removed and added at once: the trees are equal afterwards",
    { "compose.yaml": web(`{ action: sync, path: src, target: /app, initial_sync: true }`), "src/keep": "k" },
    async (stack) => {
      const name = (i: number) => `src/d${i % 25}/f${i}`;
      for (let i = 0; i < 700; i++) stack.write({ [name(i)]: `old ${i}` });
      await using watching = await startWatching(stack);
      await untilEqual(stack, watching, "web-1", folders);
      for (let i = 0; i < 350; i++) rmSync(at(stack, name(i)));
      for (let i = 350; i < 1000; i++) stack.write({ [name(i)]: `new ${i}` });
      rmSync(at(stack, "src/d3"), { recursive: true });
      await untilEqual(stack, watching, "web-1", folders);
    },
  );

  scenario(
    "every container of a service is synced, and one that comes later gets what it lacks",
    { "compose.yaml": web(sync, "    scale: 2\n"), "src/a": "1" },
    async (stack) => {
      await using watching = await startWatching(stack);
      stack.write({ "src/a": "2" });
      expect(await watching.event("synced")).toMatchObject({ written: 1, removed: 0, containers: 2, target: "/app/a" });
      const { exitCode } = await stack.gantry("up", "-d", "--scale", "web=3");
      expect(exitCode).toBe(0);
      await watching.until(async () => {
        const id = idsOf(await stack.containers())["web-3"] ?? "";
        return (await filesInContainer(stack, id, "/app")).a === "file 644 2";
      });
    },
  );

  scenario(
    "what cannot be watched is said, the rest is; a path that is missing is watched as soon as it is there",
    {
      "compose.yaml": web(
        `{ action: sync, path: later, target: /app }, { action: sync, path: src, target: relative }, { action: rebuild, path: src }`,
      ),
      "src/a": "1",
    },
    async (stack) => {
      await using watching = await startWatching(stack);
      const warnings = watching.events.flatMap((each) => (each.type === "warning" ? [each.message] : []));
      expect(warnings.join("\n")).toContain("relative is not absolute");
      expect(warnings.join("\n")).toContain("no build section");
      expect(warnings.join("\n")).toContain("later does not exist");
      mkdirSync(at(stack, "later"));
      stack.write({ "later/file": "here" });
      await untilEqual(stack, watching, "web-1", { from: "later", to: "/app" });
    },
  );

  scenario(
    "--no-up leaves the project as it is, and without a rule there is nothing to watch",
    { "compose.yaml": web(sync), "plain.yaml": `services: { web: { image: "${image}" } }`, "src/a": "1" },
    async (stack) => {
      await using watching = await startWatching(stack, ["watch", "--no-up", "--json"]);
      expect((await stack.containers()).size).toBe(0);
      await stack.gantry("up", "-d");
      stack.write({ "src/a": "2" });
      await watching.until(async () => (await textIn(stack, "/app", "a")) === "file 644 2");
      const { exitCode, stderr } = await stack.gantry("-f", "plain.yaml", "watch");
      expect(exitCode).toBe(1);
      expect(stderr).toContain("none of the selected services is configured for watch");
    },
  );

  scenario(
    "the project's own files are watched: a good change is brought up and watched, a broken one is told with its place",
    {
      "compose.yaml": `include: [more.yaml]\n${web("{ action: sync, path: src, target: /app }", "    env_file: [web.env]\n")}`,
      "more.yaml": `services: { other: { image: "${image}", command: ${idle}, network_mode: none } }`,
      "web.env": "A=1",
      "src/a": "1",
    },
    async (stack) => {
      await using watching = await startWatching(stack);
      const before = idsOf(await stack.containers());

      stack.write({ "more.yaml": "services: { other: { imag: x } }" });
      const broken = await watching.event("model-broken");
      const location = { path: at(stack, "more.yaml"), line: 1, column: 22 };
      expect(broken.diagnostics).toContainEqual(
        expect.objectContaining({ location: expect.objectContaining(location) }),
      );
      expect(idsOf(await stack.containers())).toEqual(before);
      stack.write({ "src/a": "2" });
      await watching.until(async () => (await textIn(stack, "/app", "a")) === "file 644 2");

      stack.write({
        "more.yaml": `services: { other: { image: "${image}", command: ${idle}, network_mode: none } }`,
        "web.env": "A=2",
      });
      await watching.event("model-applied");
      await watching.event("ready");
      const after = idsOf(await stack.containers());
      expect(after["other-1"]).toBe(before["other-1"]);
      expect(after["web-1"]).not.toBe(before["web-1"]);
      const { Config } = await stack.engine.containerInspect({ id: await idOf(stack) });
      expect(Config.Env).toContain("A=2");

      stack.write({ "compose.yaml": web("{ action: sync, path: src, target: /elsewhere }") });
      await watching.event("model-applied");
      await watching.event("ready");
      stack.write({ "src/a": "3" });
      await watching.until(async () => (await textIn(stack, "/elsewhere", "a")) === "file 644 3");
    },
  );

  scenario(
    "up --watch shows the output and what is synced; a rebuild does not end it, Ctrl-C stops the containers",
    {
      "compose.yaml": built("{ action: rebuild, path: app }, { action: sync, path: src, target: /app }").replace(
        "while",
        "cat /made/file; while",
      ),
      "app/Dockerfile": `FROM ${image}\nCOPY file /made/file\n`,
      "app/file": "first words\n",
      "src/a": "1",
    },
    async (stack) => {
      const child = stack.start(["up", "--watch"]);
      await seen(child, "web-1  | first words", "Watch enabled: 2 rules of web");
      stack.write({ "src/a": "2" });
      await seen(child, "web  synced /app/a");
      stack.write({ "app/file": "second words\n" });
      await seen(child, "web  rebuilt", "web-1  | second words");
      child.kill("SIGINT");
      expect((await child).exitCode).toBe(130);
      expect(statesOf(await stack.containers())).toEqual({ "web-1": "exited" });
    },
  );
});
