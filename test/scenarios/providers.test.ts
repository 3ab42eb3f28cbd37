import { chmodSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "vitest";
import { idle, image, onEveryEngine, type Ran, type Stack } from "./harness.ts";

/** A plug-in of docker's command line that keeps a log, and answers as docker compose documents it. */
const cloud = (answers: string, metadata = "exit 1") => `#!/bin/sh
[ "$2" = metadata ] && { ${metadata}; exit; }
echo "$*" >> "$CALLS"
case "$3" in up) ${answers} ;; esac
`;

const modelRunner = `#!/bin/sh
echo "$*" >> "$CALLS"
case "$1" in
  ls) echo '[{"tags":["ai/there"]}]' ;;
  status) echo '{"endpoint":"http://runner:1"}' ;;
esac
`;

const setting = `echo '{"type":"info","message":"making it"}'
  echo '{"type":"debug","message":"looking closely"}'
  echo '{"type":"setenv","message":"URL=http://db:1?a=b"}'
  echo '{"type":"rawsetenv","message":"TOKEN=x"}'`;

const project = `
services:
  web:
    image: ${image}
    command: ${idle}
    depends_on: [db]
  db:
    provider: {type: cloud, options: {size: 256, tags: [a, b]}}
`;

/** Runs gantry with the plug-ins that the stack's files hold. */
async function withPlugins(stack: Stack, ...args: readonly string[]): Promise<Ran> {
  for (const name of ["cloud", "model"]) chmodSync(path.join(stack.folder, `cli-plugins/docker-${name}`), 0o755);
  const calls = path.join(stack.folder, "calls");
  const { exitCode, stdout, stderr } = await stack.start(args, { DOCKER_CONFIG: stack.folder, CALLS: calls });
  return { exitCode: exitCode ?? -1, stdout, stderr };
}

const calls = async ({ folder, project: name }: Stack) =>
  (await readFile(path.join(folder, "calls"), "utf8")).replaceAll(name, "P").trim().split("\n");

const files = (provider: string, compose = project) => ({
  "compose.yaml": compose,
  "cli-plugins/docker-cloud": provider,
  "cli-plugins/docker-model": modelRunner,
});

onEveryEngine("providers and models", (scenario) => {
  scenario("a provider is asked, and what it sets reaches its dependents", files(cloud(setting)), async (stack) => {
    const up = await withPlugins(stack, "up", "-d");
    expect(up.exitCode, up.stderr).toBe(0);
    expect(up.stderr).toContain("Service db  Created");
    expect((await withPlugins(stack, "exec", "-T", "web", "sh", "-c", "echo $DB_URL $TOKEN")).stdout).toBe(
      "http://db:1?a=b x",
    );
    const before = (await stack.containers()).get("web-1")?.Id;
    await withPlugins(stack, "up", "-d");
    expect((await stack.containers()).get("web-1")?.Id).toBe(before);
    expect((await withPlugins(stack, "stop", "-t", "1")).exitCode).toBe(0);
    expect((await withPlugins(stack, "down")).exitCode).toBe(0);
    const flags = "--size=256 --tags=a --tags=b db";
    expect(await calls(stack)).toEqual([
      `compose --project-name=P up ${flags}`,
      `compose --project-name=P up ${flags}`,
      `compose --project-name=P down ${flags}`,
    ]);
  });

  scenario(
    "a provider that says what it takes gets no more, is asked to stop, and misses what it needs",
    files(
      cloud(
        setting,
        `echo '{"up":{"parameters":[{"name":"size"}]},"stop":{},"down":{"parameters":[{"name":"key","required":true}]}}'`,
      ),
    ),
    async (stack) => {
      await withPlugins(stack, "up", "-d");
      await withPlugins(stack, "stop", "-t", "1");
      const down = await withPlugins(stack, "down");
      expect(down.exitCode).toBe(1);
      expect(down.stderr).toContain(`compose.yaml:8:`);
      expect(down.stderr).toContain(`the provider "cloud" of service "db" needs the option "key"`);
      expect(await calls(stack)).toEqual([
        "compose --project-name=P up --size=256 db",
        "compose --project-name=P stop db",
      ]);
    },
  );

  scenario(
    "a provider that fails says why, and nothing that needs it is made",
    files(cloud(`echo '{"type":"error","message":"no money left"}'`)),
    async (stack) => {
      const up = await withPlugins(stack, "up", "-d");
      expect(up.exitCode).toBe(1);
      expect(up.stderr).toContain("no money left");
      expect((await stack.containers()).size).toBe(0);
      stack.write({ "compose.yaml": project.replace("type: cloud", "type: nowhere") });
      const missing = await withPlugins(stack, "up", "-d");
      expect(missing.stderr).toContain(`service "db" is provided by "nowhere", and there is no such program`);
    },
  );

  scenario(
    "a model is pulled where it is missing, configured, and told to those that use it",
    files(
      cloud(""),
      `
services: {web: {image: ${image}, command: ${idle}, models: [llm, old]}}
models:
  llm: {model: ai/new, context_size: 1024, runtime_flags: ["--a", "1"]}
  old: {model: ai/there}
`,
    ),
    async (stack) => {
      const up = await withPlugins(stack, "up", "-d");
      expect(up.exitCode, up.stderr).toBe(0);
      expect((await calls(stack)).filter((call) => !/json/.test(call)).toSorted()).toEqual([
        "configure --context-size 1024 ai/new -- --a 1",
        "configure ai/there",
        "pull ai/new",
      ]);
      const shown = await withPlugins(stack, "exec", "-T", "web", "sh", "-c", "echo $LLM_MODEL $LLM_URL $OLD_MODEL");
      expect(shown.stdout).toBe("ai/new http://runner:1 ai/there");
    },
  );

  scenario(
    "a model without a model runner is refused",
    { "compose.yaml": `services: {web: {image: ${image}, models: [llm]}}\nmodels: {llm: {model: ai/new}}` },
    async ({ start, folder }) => {
      const up = await start(["up", "-d"], { DOCKER_CONFIG: folder });
      expect(up.exitCode).toBe(1);
      expect(up.stderr).toContain("the model ai/new needs docker's model runner, which is not installed");
    },
  );

  scenario(
    "the engine's socket comes with the registries' credentials",
    {
      "compose.yaml": `services: {web: {image: ${image}, command: ${idle}, use_api_socket: true}}`,
      "config.json": `{"auths":{"registry.example":{"auth":"${btoa("me:pass")}"}}}`,
    },
    async ({ start, folder }) => {
      const env = { DOCKER_CONFIG: folder };
      const up = await start(["up", "-d"], env);
      expect(up.exitCode, up.stderr).toBe(0);
      const script = "test -S /var/run/docker.sock && cat $DOCKER_CONFIG/config.json";
      const shown = await start(["exec", "-T", "web", "sh", "-c", script], env);
      expect(JSON.parse(shown.stdout)).toEqual({ auths: { "registry.example": { auth: btoa("me:pass") } } });
    },
  );
});
