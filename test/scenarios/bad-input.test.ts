import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect } from "vitest";
import { openEngineProxy } from "./engine-proxy.ts";
import { idle, image, onEveryEngine, type Ran, seen, statesOf } from "./harness.ts";

/** One clear message, and the exit code for what a user can mend. */
function expectRefusal({ exitCode, stdout, stderr }: Ran, ...words: readonly string[]): void {
  for (const word of words) expect(stderr).toContain(word);
  expect(stderr.match(/^(\S+:\d+:\d+: )?error: /gm), stderr).toHaveLength(1);
  expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
  expect(stdout).toBe("");
  expect(exitCode).toBe(1);
}

/** What is wrong with a compose file, and what is said about it. */
const faults: readonly (readonly [sentence: string, compose: string, ...words: readonly string[]])[] = [
  ["broken YAML", "services:\n  web:\n    image: a: b\n", "compose.yaml:3:12: error:", "[yaml-syntax]"],
  ["an unknown key", "services:\n  web:\n    imag: a\n", "compose.yaml:3:5: error:", 'did you mean "image"?'],
  ["a wrong type", "services:\n  web:\n    image: a\n    ports: 3\n", "compose.yaml:4:12: error:", "must be a list"],
  [
    "a cycle of dependencies",
    "services:\n  a: { image: x, depends_on: [b] }\n  b: { image: x, depends_on: [a] }\n",
    "compose.yaml:2:31: error:",
    "a -> b -> a",
  ],
  [
    "a service that is not there",
    "services:\n  web: { image: x, depends_on: [dbb] }\n  db: { image: x }\n",
    "compose.yaml:2:33: error:",
    'did you mean "db"?',
  ],
  [
    "a variable that must be set",
    `services:\n  web:\n    image: $\{TAG:?which one}\n`,
    "compose.yaml:3:12: error:",
    "TAG is missing a value: which one",
  ],
];

onEveryEngine("bad input", (scenario) => {
  for (const [sentence, compose, ...words] of faults) {
    scenario(`${sentence} is told with its place, and nothing is made`, { "compose.yaml": compose }, async (stack) => {
      expectRefusal(await stack.gantry("up", "-d"), ...words);
      expect((await stack.containers()).size).toBe(0);
    });
  }

  scenario("a missing file is named", {}, async (stack) => {
    expectRefusal(await stack.gantry("-f", "nowhere.yaml", "up", "-d"), "nowhere.yaml: no such file");
    expectRefusal(await stack.gantry("up", "-d"), "no configuration file provided");
  });

  scenario("a port that is taken is told; when it is free, up goes on where it stopped", {}, async (stack) => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const { port } = holder.address() as AddressInfo;
    stack.write({
      "compose.yaml": `
services:
  web:
    image: ${image}
    command: ${idle}
    ports: ["127.0.0.1:${port}:80"]
  db: { image: "${image}", command: ${idle} }
`,
    });
    try {
      const ran = await stack.gantry("up", "-d");
      expectRefusal(ran, "compose.yaml:6:5: error:", String(port));
      expect(ran.stderr).toMatch(/already (in use|allocated)/);
      expect(ran.stderr).toContain(`port ${port} is held by `);
      expect(ran.stderr).toContain(`(process ${process.pid})`);
    } finally {
      holder.close();
    }
    expect(statesOf(await stack.containers())).toEqual({ "db-1": "running", "web-1": "created" });
    expect((await stack.gantry("up", "-d")).exitCode).toBe(0);
    expect(statesOf(await stack.containers())).toEqual({ "db-1": "running", "web-1": "running" });
  });

  scenario(
    "an image that does not exist is named with its place, and nothing is made",
    { "compose.yaml": `services:\n  web:\n    image: 127.0.0.1:1/nothing/here:1\n` },
    async (stack) => {
      expectRefusal(
        await stack.gantry("up", "-d"),
        "compose.yaml:3:12: error:",
        'image "127.0.0.1:1/nothing/here:1" cannot be pulled',
      );
      expect((await stack.containers()).size).toBe(0);
      expect((await stack.gantry("down")).exitCode).toBe(0);
    },
  );

  scenario(
    "an engine that does not answer is named",
    { "compose.yaml": `services: { web: { image: "${image}" } }` },
    async (stack) => {
      for (const url of [`unix://${stack.folder}/nobody.sock`, "tcp://127.0.0.1:1"]) {
        const { exitCode, stdout, stderr } = await stack.start(["up", "-d"], { DOCKER_HOST: url });
        expectRefusal({ exitCode: exitCode ?? -1, stdout, stderr }, url, "start it, or name another engine");
      }
    },
  );

  scenario(
    "an engine that goes away in the middle is told, whatever up is doing; with the next one up finishes",
    {
      "compose.yaml": `services: { web: { image: "${image}", command: ${idle.replace("while", "echo hello; while")} } }`,
    },
    async (stack) => {
      const creating = await openEngineProxy(stack.url, ({ url }) => {
        if (url.includes("/containers/create")) creating.close();
        return !url.includes("/containers/create");
      });
      const { exitCode, stdout, stderr } = await stack.start(["up", "-d"], { DOCKER_HOST: creating.url });
      expectRefusal({ exitCode: exitCode ?? -1, stdout, stderr }, `${creating.url} closed the connection`);

      const running = await openEngineProxy(stack.url, () => true);
      const child = stack.start(["up"], { DOCKER_HOST: running.url });
      await seen(child, "hello", "Started");
      running.close();
      const ran = await child;
      expectRefusal(
        { exitCode: ran.exitCode ?? -1, stdout: "", stderr: ran.stderr },
        `${running.url} closed the connection`,
      );

      expect((await stack.gantry("up", "-d")).exitCode).toBe(0);
      expect(statesOf(await stack.containers())).toEqual({ "web-1": "running" });
    },
  );

  scenario(
    "a container that dies before it is healthy is told with its last words; mended, up finishes",
    {
      "compose.yaml": `
services:
  db:
    image: ${image}
    command: ["sh", "-c", "test -n \\"$$WORD\\" || { echo no WORD, no work; exit 3; }; sleep 1000"]
    environment: [WORD]
    stop_signal: SIGKILL
    healthcheck: { test: ["CMD", "true"], interval: 300ms }
`,
    },
    async (stack) => {
      expectRefusal(await stack.gantry("up", "-d", "--wait"), `${stack.project}-db-1 exited (3)`, "no WORD, no work");
      stack.write({ ".env": "WORD=please\n" });
      expect((await stack.gantry("up", "-d", "--wait")).exitCode).toBe(0);
      expect(statesOf(await stack.containers())).toEqual({ "db-1": "running" });
      expect((await stack.gantry("down")).exitCode).toBe(0);
      expect((await stack.containers()).size).toBe(0);
    },
  );

  scenario(
    "words on the command line that mean nothing are told",
    { "compose.yaml": `services: { web: { image: "${image}" } }` },
    async (stack) => {
      expectRefusal(await stack.gantry("up", "-d", "webb"), "webb");
      expectRefusal(await stack.gantry("up", "--scale", "web"), '--scale "web"');
      expectRefusal(await stack.gantry("upp"), 'unknown verb "upp"');
      expectRefusal(await stack.gantry("up", "--nonsense"), "--nonsense");
    },
  );
});
