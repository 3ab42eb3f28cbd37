import { expect } from "vitest";
import { idle, image, onEveryEngine, type Stack, statesOf } from "./harness.ts";

const project = (hook: string) => `
services:
  web:
    image: ${image}
    command: ${idle}
    init: false
    volumes: [data:/data]
    scale: 2
    pre_start:
      - command: ["sh", "-c", "echo first $$MARK > /data/log"]
        environment: {MARK: here}
      - command: ${hook}
    post_start:
      - command: ["sh", "-c", "echo started >> /data/log"]
    pre_stop:
      - command: ["sh", "-c", "echo stopping >> /data/log"]
volumes: {data: {}}
`;

const good = project(`["sh", "-c", "echo second >> /data/log"]`);
const bad = project(`["sh", "-c", "echo the schema is broken >&2; exit 3"]`);

async function log({ gantry }: Stack): Promise<readonly string[]> {
  const { stdout } = await gantry("exec", "-T", "web", "cat", "/data/log");
  return stdout.split("\n");
}

onEveryEngine("hooks", (scenario) => {
  scenario(
    "run once in front of the first start, and in containers after it",
    { "compose.yaml": good },
    async (stack) => {
      expect((await stack.gantry("up", "-d")).exitCode).toBe(0);
      expect(await log(stack)).toEqual(["first here", "second", "started", "started"]);
      expect(statesOf(await stack.containers())).toEqual({ "web-1": "running", "web-2": "running" });
      await stack.gantry("up", "-d", "--scale", "web=3");
      expect(await log(stack)).toEqual(["first here", "second", "started", "started", "started"]);
      await stack.gantry("stop", "-t", "1");
      expect((await stack.gantry("up", "-d")).exitCode).toBe(0);
      const last = await log(stack);
      expect(last.filter((line) => line === "stopping").length).toBe(0);
      expect(last.slice(0, 2)).toEqual(["first here", "second"]);
    },
  );

  scenario("gate the start where they fail, and can be repaired", { "compose.yaml": bad }, async (stack) => {
    const failed = await stack.gantry("up", "-d");
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toContain("web-pre_start-2 didn't complete successfully: exit 3");
    expect(failed.stderr).toContain("the schema is broken");
    expect(statesOf(await stack.containers())).toEqual({
      "web-1": "created",
      "web-2": "created",
      "web-pre_start-2": "exited",
    });
    stack.write({ "compose.yaml": good });
    expect((await stack.gantry("up", "-d")).exitCode).toBe(0);
    expect(statesOf(await stack.containers())).toEqual({ "web-1": "running", "web-2": "running" });
  });

  scenario("that failed are taken away by down", { "compose.yaml": bad }, async (stack) => {
    await stack.gantry("up", "-d");
    expect((await stack.gantry("down", "-v")).exitCode).toBe(0);
    expect(statesOf(await stack.containers())).toEqual({});
  });
});
