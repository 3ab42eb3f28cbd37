import { randomBytes } from "node:crypto";
import path from "node:path";
import { expect } from "vitest";
import { unmountBelow } from "../../scripts/embedded.mjs";
import { verbs } from "../../src/commands/verbs.ts";
import { type Line, linesOf } from "../commands/output-shapes.ts";
import { startRegistry } from "../engine/registry/docker-registry.ts";
import { idle, image, onEveryEngine, type Ran, type Stack, seen } from "./harness.ts";
import { transformationMaker } from "./transformation.ts";

/** The commands whose result was looked at, by engine. */
const looked = new Map<string, Set<string>>();

/** Runs a command with --json, holds every line against its shape, and gives them. */
async function lines(stack: Stack, command: string, args: readonly string[] = [], more: More = {}) {
  const words = command === "events" ? ["--json", "events"] : [...command.split(" "), "--json"];
  const child = stack.start([...words, ...args], more.env, more.through);
  await more.meanwhile?.(child);
  const { exitCode = -1, stdout, stderr } = await child;
  expect({ exitCode, stderr, stdout: exitCode === (more.exitCode ?? 0) ? "" : stdout }).toMatchObject({
    exitCode: more.exitCode ?? 0,
    stdout: "",
  });
  return held(stack, command, { exitCode, stdout, stderr });
}

interface More {
  readonly exitCode?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** A program and its arguments, which runs gantry. */
  readonly through?: readonly string[];
  readonly meanwhile?: (child: ReturnType<Stack["start"]>) => Promise<void>;
}

function held({ url }: Stack, command: string, ran: Ran): readonly Line[] {
  const all = linesOf(command, ran);
  if (all.at(-1)?.type === "result") looked.set(url, (looked.get(url) ?? new Set()).add(command));
  return all;
}

/** The last line, which is the answer. */
async function answer(stack: Stack, command: string, args: readonly string[] = [], more: More = {}): Promise<Line> {
  return (await lines(stack, command, args, more)).at(-1) as Line;
}

/** Types a line. */
const typing = ["sh", "-c", 'echo go | "$@"', "sh"];

const unique = () => `gs${randomBytes(4).toString("hex")}`;

const shop = {
  "compose.yaml": `
services:
  web:
    image: ${image}
    command: ["sh", "-c", "echo hello; trap 'exit 0' TERM INT; while :; do sleep 1000 & wait $$!; done"]
    ports: ["127.0.0.1::80"]
    volumes: [data:/data]
    develop: { watch: [{ action: sync, path: page, target: /page }] }
  reader: { image: "${image}", command: ["sh", "-c", "read line; exit 4"], stdin_open: true, profiles: [more] }
  job: { image: "${image}", command: ["sh", "-c", "echo done; exit 3"], profiles: [more] }
volumes: { data: }
`,
  page: "one",
};

onEveryEngine("--json", (scenario) => {
  scenario("of what changes a project says what has changed", shop, async (stack) => {
    const ask = (command: string, ...args: string[]) => answer(stack, command, args);
    const name = `${stack.project}-web-1`;
    const { up: planned } = await answer(stack, "plan", ["--exit-code"], { exitCode: 2 });
    expect(planned).toMatchObject({ project: stack.project, steps: expect.arrayContaining([expect.anything()]) });
    expect(await ask("up", "--dry-run")).toHaveProperty("images");
    expect((await ask("create")).changes).toContainEqual(
      expect.objectContaining({ action: "create-container", name, service: "web", result: "done" }),
    );
    const up = await lines(stack, "up", ["-d"]);
    const id = (await stack.containers()).get("web-1")?.Id;
    expect(up).toContainEqual(expect.objectContaining({ type: "step", action: "start-container", state: "done" }));
    expect(up.at(-1)?.changes).toEqual([
      { action: "start-container", kind: "container", name, service: "web", id, result: "done" },
    ]);
    expect(await lines(stack, "restart", ["--progress", "quiet"])).toHaveLength(1);
    for (const verb of ["pause", "unpause", "stop", "start", "kill"]) {
      expect((await ask(verb)).changes, verb).toContainEqual(
        expect.objectContaining({ action: `${verb}-container`, name, id, result: "done" }),
      );
    }
    expect(await ask("stop", "--dry-run")).toHaveProperty("plan.steps");
    expect((await ask("rm", "-f")).changes).toContainEqual(expect.objectContaining({ action: "remove-container" }));
    expect((await ask("scale", "web=2")).changes).toContainEqual(
      expect.objectContaining({ action: "start-container", name: `${stack.project}-web-2` }),
    );
    expect((await ask("down", "-v")).changes).toContainEqual(
      expect.objectContaining({ action: "remove-volume", kind: "volume", result: "done" }),
    );
    expect(await ask("down")).toMatchObject({ changes: [] });
  });

  scenario("of what looks at a project is what was found", shop, async (stack) => {
    const ask = (command: string, ...args: string[]) => answer(stack, command, args);
    await stack.gantry("up", "-d");
    expect((await ask("ps")).containers).toEqual([expect.objectContaining({ Service: "web", State: "running" })]);
    expect((await ask("top")).processes).toContainEqual(expect.objectContaining({ service: "web", number: 1 }));
    expect((await ask("port", "web", "80")).port).toBeGreaterThan(0);
    expect((await ask("images")).images).toHaveLength(1);
    expect((await ask("volumes")).volumes).toHaveLength(1);
    expect((await ask("ls", "--filter", `name=${stack.project}`)).projects).toHaveLength(1);
    expect((await ask("stats", "--no-stream")).containers).toHaveLength(1);
    expect((await ask("config")).project).toHaveProperty("services.web");
    for (const list of ["services", "volumes", "networks", "models", "images", "profiles", "environment"]) {
      expect(await ask("config", `--${list}`)).toHaveProperty(list);
    }
    expect(await ask("config", "--hash", "*")).toHaveProperty("hashes.web");
    expect(await ask("config", "--variables")).toMatchObject({ variables: [] });
    expect(await ask("config", "--diagnostics")).toMatchObject({ diagnostics: [] });
    expect(await ask("config", "--no-interpolate")).toHaveProperty("project.services");
    expect(await ask("config", "-q")).not.toHaveProperty("project");
    expect(await ask("config", "-o", "out.json", "--format", "json")).toMatchObject({ file: "out.json" });
    expect((await ask("graph")).nodes).toContainEqual(expect.objectContaining({ kind: "service", name: "web" }));
    expect((await ask("alpha viz")).dot).toContain("digraph");
    expect(await ask("alpha generate", `${stack.project}-web-1`)).toHaveProperty("project.services");
    expect(await ask("cp", "page", "web:/page")).toMatchObject({ copies: [{ direction: "to", target: "/page" }] });
    expect(await ask("cp", "--dry-run", "page", "web:/page")).toHaveProperty("wouldDo");
    expect(await ask("export", "-o", "files.tar", "web")).toMatchObject({ file: "files.tar" });
    const committed = await ask("commit", "web", `${stack.project}:made`);
    await stack.engine.imageRemove({ name: String(committed.image), force: true });
    const happened = await lines(stack, "events", ["--since", "10m", "--until", "0s"]);
    expect(happened).toContainEqual(expect.objectContaining({ type: "event" }));
    const own = await stack.gantry("events", "--json", "--since", "10m", "--until", "0s");
    expect(JSON.parse(own.stdout.split("\n")[0] ?? "")).not.toHaveProperty("gantry");
  });

  scenario("of what containers write is a line each, and their exit codes", shop, async (stack) => {
    await stack.gantry("up", "-d");
    const log = { type: "log", stream: "stdout", time: expect.stringMatching(/^\d{4}-.*Z$/) };
    expect((await lines(stack, "logs"))[0]).toMatchObject({ ...log, container: "web-1", line: "hello" });
    const run = await lines(stack, "exec", ["web", "sh", "-c", "echo a; echo b >&2; exit 3"], { exitCode: 3 });
    expect(run).toContainEqual(expect.objectContaining({ ...log, line: "a" }));
    expect(run).toContainEqual(expect.objectContaining({ ...log, stream: "stderr", line: "b" }));
    expect(await answer(stack, "exec", ["-d", "web", "true"])).toHaveProperty("exec");
    expect(await lines(stack, "run", ["--rm", "job"], { exitCode: 3 })).toContainEqual(
      expect.objectContaining({ ...log, line: "done" }),
    );
    expect(await answer(stack, "run", ["-d", "job"])).toHaveProperty("id");
    await stack.gantry("--profile", "more", "up", "-d", "reader");
    expect(await answer(stack, "attach", ["reader"], { exitCode: 4, through: typing })).toHaveProperty("id");
    const attached = await lines(stack, "up", ["--exit-code-from", "job", "job"], { exitCode: 3 });
    expect(attached).toContainEqual(expect.objectContaining({ ...log, container: "job-1", line: "done" }));
    expect(attached).toContainEqual(expect.objectContaining({ type: "exit", container: "job-1", exitCode: 3 }));
    const kill = async () => stack.engine.containerKill({ id: (await stack.containers()).get("web-1")?.Id ?? "" });
    const waited = await lines(stack, "wait", ["--verbose", "web"], {
      exitCode: 137,
      meanwhile: async (child) => {
        await seen(child, "/wait");
        await kill();
      },
    });
    expect(waited.map(({ type }) => type)).toEqual(["exit", "result"]);
    await stack.gantry("up", "-d");
    const used = await lines(stack, "stats", [], {
      exitCode: 130,
      meanwhile: async (child) => {
        await seen(child, '"type":"stats"');
        child.kill("SIGINT");
      },
    });
    expect(used[0]).toMatchObject({ type: "stats", containers: [{ Name: `${stack.project}-web-1` }] });
  });

  scenario("of watching is a line for each thing that happens", shop, async (stack) => {
    const watched = await lines(stack, "watch", [], {
      exitCode: 130,
      meanwhile: async (child) => {
        await seen(child, '"type":"ready"');
        stack.write({ page: "two" });
        await seen(child, '"type":"synced"');
        child.kill("SIGINT");
      },
    });
    expect(watched).toContainEqual(expect.objectContaining({ type: "synced", service: "web", target: "/page" }));
  });

  scenario("of images that go to and fro, and who may", {}, async (stack) => {
    const { host, stop } = await startRegistry({ kept: true });
    const name = `${host}/app:1`;
    const env = { DOCKER_CONFIG: path.join(stack.folder, "docker") };
    const ask = (command: string, ...args: string[]) => answer(stack, command, args, { env });
    stack.write({
      "compose.yaml": `services: { app: { image: "${name}", build: . } }`,
      Dockerfile: `FROM ${image}\nLABEL app=1\n`,
    });
    try {
      const built = { action: "build-image", kind: "image", name, service: "app", result: "done" };
      expect((await ask("build")).changes).toEqual([expect.objectContaining(built)]);
      expect(await ask("build", "--print")).toHaveProperty("bake.target");
      const closed = await answer(stack, "push", [], { env, exitCode: 1 });
      expect(closed).toMatchObject({ type: "error", errors: [{ code: "engine" }] });
      expect(await ask("login", "-u", "me", "-p", "pass", host)).toMatchObject({ registry: host, username: "me" });
      expect((await ask("push")).changes).toEqual([expect.objectContaining({ action: "push-image", result: "done" })]);
      expect((await ask("pull", "--policy", "always")).changes).toHaveLength(1);
      for (const verb of ["publish", "alpha publish"]) {
        expect(await ask(verb, "-y", `${host}/shop:1`)).toHaveProperty("digest");
      }
      expect(await ask("publish", "-y", "--dry-run", `${host}/shop:1`)).toHaveProperty("wouldDo");
      expect((await ask("image pull", name)).changes).toEqual([expect.objectContaining({ action: "pull-image" })]);
      expect((await ask("image push", name)).changes).toEqual([expect.objectContaining({ action: "push-image" })]);
      expect(await ask("logout", host)).toMatchObject({ registry: host, removed: true });
    } finally {
      await stack.engine.imageRemove({ name, force: true }).catch(() => {});
      await stop();
    }
  });

  scenario("of the engine's containers", shop, async (stack) => {
    const ask = (verb: string, ...args: string[]) => answer(stack, `container ${verb}`, args);
    const name = unique();
    const label = `com.docker.compose.project=${stack.project}`;
    try {
      const options = ["--name", name, "--label", label];
      const { id } = await ask("create", ...options, "-p", "127.0.0.1::80", image, "sh", "-c", "sleep 1000");
      const did = (action: string) => ({ changes: [expect.objectContaining({ action, name, result: "done" })] });
      expect(await ask("start", name)).toMatchObject(did("start-container"));
      expect((await ask("ls", "--filter", `label=${label}`)).containers).toHaveLength(1);
      expect((await ask("inspect", name)).containers).toEqual([expect.objectContaining({ Id: id })]);
      expect((await ask("port", name)).ports).toEqual([expect.objectContaining({ target: "80/tcp" })]);
      expect((await ask("top", name)).processes).not.toEqual([]);
      expect((await ask("stats", "--no-stream", name)).containers).toHaveLength(1);
      const run = await answer(stack, "container exec", [name, "sh", "-c", "echo x > /made; exit 2"], { exitCode: 2 });
      expect(run).toHaveProperty("exec");
      expect((await ask("diff", name)).files).toContainEqual({ path: "/made", change: "added" });
      expect(await ask("cp", `${name}:/made`, "made")).toMatchObject({ copies: [{ direction: "from" }] });
      expect(await ask("export", "-o", "all.tar", name)).toMatchObject({ file: "all.tar" });
      const { image: made } = await ask("commit", name);
      await stack.engine.imageRemove({ name: String(made), force: true });
      expect(await ask("update", "--memory", "64m", "--memory-swap", "128m", name)).toMatchObject(
        did("update-container"),
      );
      for (const verb of ["pause", "unpause", "restart"]) {
        expect(await ask(verb, ...(verb === "restart" ? ["-t", "0"] : []), name)).toMatchObject(
          did(`${verb}-container`),
        );
      }
      const waited = await answer(stack, "container wait", ["--verbose", name], {
        meanwhile: async (child) => {
          await seen(child, "/wait");
          await ask("kill", name);
        },
      });
      expect(waited).toMatchObject({ exits: [{ container: name, exitCode: 137 }] });
      expect(await ask("stop", name)).toMatchObject(did("stop-container"));
      expect(await ask("rename", name, `${name}-b`)).toMatchObject({ changes: [{ to: `${name}-b` }] });
      const both = await lines(stack, "container rm", [`${name}-b`, "nobody"], { exitCode: 1 });
      expect(both.map(({ type, state }) => [type, state])).toEqual([
        ["step", "done"],
        ["step", "failed"],
        ["error", undefined],
      ]);
      const ran = await lines(stack, "container run", ["--rm", image, "sh", "-c", "echo hi; exit 5"], { exitCode: 5 });
      expect(ran).toContainEqual(expect.objectContaining({ type: "log", line: "hi" }));
      await ask("run", "-d", "-i", "--name", name, "--label", label, image, "sh", "-c", "echo hi; read line; exit 4");
      expect((await lines(stack, "container logs", [name]))[0]).toMatchObject({ type: "log", line: "hi" });
      expect(await answer(stack, "container attach", [name], { exitCode: 4, through: typing })).toHaveProperty("id");
      const pruned = await ask("prune", "-f", "--filter", `label=${label}`);
      expect(pruned.changes).toEqual([expect.objectContaining({ action: "remove-container" })]);
      await ask("create", "--name", name, "--label", label, image, "true");
      expect(await ask("rm", name)).toMatchObject(did("remove-container"));
    } finally {
      await stack.engine.containerRemove({ id: name, force: true }).catch(() => {});
    }
  });

  scenario("of the engine's images, networks, volumes, and of itself", {}, async (stack) => {
    const ask = (command: string, ...args: string[]) => answer(stack, command, args);
    const [name, other] = [unique(), unique()];
    const label = `gantry.test.json=${name}`;
    stack.write({ "app/Dockerfile": `FROM ${image}\nLABEL a=${name}\n` });
    try {
      expect((await ask("image build", "-t", `${name}:1`, "app")).changes).toHaveLength(1);
      expect((await ask("image ls", name)).images).toHaveLength(1);
      expect((await ask("image inspect", `${name}:1`)).images).toHaveLength(1);
      expect((await ask("image history", `${name}:1`)).layers).not.toEqual([]);
      expect((await ask("image tag", `${name}:1`, `${other}:2`)).changes).toEqual([
        { action: "tag-image", kind: "image", name: `${name}:1`, to: `${other}:2`, result: "done" },
      ]);
      expect(await ask("image save", "-o", "image.tar", `${other}:2`)).toMatchObject({ file: "image.tar" });
      const removed = await ask("image rm", `${other}:2`);
      expect(removed.changes).toContainEqual(expect.objectContaining({ action: "untag-image", name: `${other}:2` }));
      expect((await ask("image load", "-i", "image.tar")).changes).toEqual([
        expect.objectContaining({ action: "load-image", name: `${other}:2` }),
      ]);
      const { id: container } = await ask("container create", "--name", name, image, "true");
      await ask("container export", "-o", "files.tar", name);
      expect((await ask("image import", "files.tar", `${other}:3`)).changes).toHaveLength(1);
      expect((await ask("image prune", "-f", "--filter", `label=${label}`)).changes).toEqual([]);

      expect((await ask("network create", "--label", label, name)).changes).toHaveLength(1);
      expect((await ask("network ls", "--filter", `label=${label}`)).networks).toHaveLength(1);
      expect((await ask("network inspect", name)).networks).toHaveLength(1);
      expect(await ask("network connect", name, name)).toMatchObject({ changes: [{ container: name }] });
      expect(await ask("network disconnect", name, name)).toMatchObject({ changes: [{ container: name }] });
      expect((await ask("network rm", name)).changes).toHaveLength(1);
      expect((await ask("network prune", "-f", "--filter", `label=${label}`)).changes).toEqual([]);
      await stack.engine.containerRemove({ id: String(container) });

      expect((await ask("volume create", "--label", label, name)).changes).toHaveLength(1);
      expect((await ask("volume ls", "--filter", `label=${label}`)).volumes).toHaveLength(1);
      expect((await ask("volume inspect", name)).volumes).toHaveLength(1);
      expect((await ask("volume rm", name)).changes).toHaveLength(1);
      expect((await ask("volume prune", "-f", "--filter", `label=${label}`)).changes).toEqual([]);

      expect((await ask("system df")).usage).toHaveLength(4);
      expect((await ask("system info")).info).toHaveProperty("ServerVersion");
      const filter = `container=${String(container)}`;
      const events = await lines(stack, "system events", ["--since", "10m", "--until", "0s", "--filter", filter]);
      expect(events[0]).toMatchObject({ type: "event", event: { Type: "container" } });
      // Without --force and without anybody to ask, nothing is touched: other tests have things on this engine.
      expect(await ask("system prune")).toMatchObject({ changes: [], reclaimed: 0 });
    } finally {
      for (const tag of [`${name}:1`, `${other}:2`, `${other}:3`]) {
        await stack.engine.imageRemove({ name: tag, force: true }).catch(() => {});
      }
      await stack.engine.containerRemove({ id: name, force: true }).catch(() => {});
    }
  });

  scenario("of transformations", {}, async (stack) => {
    const name = `${stack.project}-transformation`;
    stack.write({
      "compose.yaml": transformationMaker(name, "cat /in/compose.yaml > /out/all"),
      "templates/head": "",
    });
    expect((await stack.gantry("build")).exitCode).toBe(0);
    const ask = (verb: string, ...args: string[]) => answer(stack, `bridge ${verb}`, args);
    expect(await ask("convert", "-t", name)).toMatchObject({ transformations: [name] });
    expect(await ask("convert", "-t", name, "--dry-run")).toHaveProperty("wouldDo");
    expect((await ask("transformations list")).transformations).toContainEqual(
      expect.objectContaining({ repository: `${name}:latest` }),
    );
    expect(await ask("transformations create", "-f", name, "own")).toMatchObject({ from: name });
  });

  scenario("of gantry itself", {}, async (stack) => {
    const ask = (command: string, ...args: string[]) => answer(stack, command, args);
    expect((await ask("version")).version).toMatch(/^\d/);
    expect((await ask("completion", "bash")).script).toContain("gantry");
    expect((await ask("help")).verbs).toContainEqual({ verb: "ps", summary: expect.any(String) });
    expect((await ask("help", "container")).verbs).toContainEqual(expect.objectContaining({ verb: "container ls" }));
    expect((await ask("help", "ps")).flags).toContainEqual(expect.objectContaining({ name: "all", char: "a" }));
    const shown = await stack.gantry("ps", "--json", "--help");
    expect(linesOf("help", shown)).toEqual([expect.objectContaining({ verb: "ps" })]);
    expect((await ask("doctor")).findings).not.toEqual([]);
    const roots = ["--data-root", path.join(stack.folder, "data"), "--exec-root", path.join(stack.folder, "run")];
    try {
      await answer(stack, "daemon", roots, {
        meanwhile: async (child) => {
          await seen(child, "the engine answers");
          child.kill("SIGTERM");
        },
      });
    } finally {
      unmountBelow(stack.folder);
    }
  });

  scenario("leaves no command out", {}, async ({ url }) => {
    expect([...verbs.keys()].filter((name) => looked.get(url)?.has(name) !== true)).toEqual([]);
  });

  scenario("of what goes wrong is one line, with the exit code and the place", shop, async (stack) => {
    const fail = async (command: string | undefined, args: readonly string[], exitCode = 1, env = {}) => {
      const { exitCode: code = -1, stdout } = await stack.start(args, env);
      expect(code).toBe(exitCode);
      return linesOf(command, { exitCode: code, stdout }).at(-1)?.errors;
    };
    expect(await fail(undefined, ["--json", "nosuch"])).toMatchObject([{ code: "usage" }]);
    expect(await fail("ps", ["ps", "--json", "--bogus"])).toMatchObject([
      { code: "usage", hint: expect.stringContaining("Usage: gantry ps") },
    ]);
    for (const form of [["--format", "json"], ["--quiet"]]) {
      expect(await fail("ps", ["ps", "--json", ...form])).toMatchObject([{ code: "usage" }]);
    }
    await stack.gantry("up", "-d");
    for (const words of ["exec --json -t web true", "export --json web", "container export --json x"]) {
      const command = words.replace(/ --json.*/, "");
      expect(await fail(command, words.split(" "))).toMatchObject([{ code: "usage" }]);
    }
    expect(await fail("image save", ["image", "save", "--json", image])).toMatchObject([{ code: "usage" }]);
    expect(await fail("container inspect", ["container", "inspect", "--json", "nobody"])).toMatchObject([
      { code: "engine", status: 404 },
    ]);
    const nowhere = { DOCKER_HOST: `unix://${stack.folder}/none.sock` };
    expect(await fail("ps", ["ps", "--json"], 1, nowhere)).toMatchObject([{ code: "engine" }]);
    stack.write({ "broken.yaml": "services:\n  web: {image: a, depends_on: [dbb]}\n  db: {image: a}\n" });
    for (const verb of ["up", "ps", "config", "graph", "build", "pull", "logs"]) {
      expect(await fail(verb, ["-f", "broken.yaml", verb, "--json"])).toMatchObject([
        { code: "undefined-service", location: { path: `${stack.folder}/broken.yaml`, line: 2, column: 32 } },
      ]);
    }
    stack.write({
      "failing.yaml": `services: {web: {image: "${image}", command: [nosuch], healthcheck: {disable: true}}}`,
    });
    const failed = await stack.gantry("-f", "failing.yaml", "up", "-d", "--json");
    const [last, ...before] = linesOf("up", failed).toReversed();
    expect(last).toMatchObject({ type: "error", exitCode: 1 });
    expect(before).toContainEqual(expect.objectContaining({ action: "start-container", state: "failed" }));
    expect(await fail("config", ["config", "--json", "--format", "yaml"])).toMatchObject([{ code: "usage" }]);
  });

  scenario("ends with a line too when it is interrupted, and holds what was warned of", shop, async (stack) => {
    await stack.gantry("up", "-d");
    const child = stack.start(["logs", "-f", "--json"]);
    await seen(child, "hello");
    child.kill("SIGINT");
    const { exitCode = -1, stdout } = await child;
    expect(exitCode).toBe(130);
    expect(linesOf("logs", { exitCode, stdout }).at(-1)).toMatchObject({ errors: [{ code: "interrupted" }] });
    stack.write({ "old.yaml": `version: "3"\nservices: {web: {image: "${image}", command: ${idle}}}\n` });
    const { stdout: listed, stderr } = await stack.gantry("-f", "old.yaml", "ps", "--json");
    expect(stderr).toBe("");
    expect(linesOf("ps", { exitCode: 0, stdout: listed })[0]?.warnings).toEqual([
      expect.objectContaining({ severity: "warning", location: expect.objectContaining({ line: 1 }) }),
    ]);
  });
});
