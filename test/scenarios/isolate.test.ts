import { expect } from "vitest";
import { idle, image, onEveryEngine, type Stack } from "./harness.ts";

const project = `
services:
  web:
    image: ${image}
    command: ${idle}
    ports: ["127.0.0.1::80"]
  fixed:
    image: ${image}
    command: ${idle}
    container_name: \${COMPOSE_PROJECT_NAME:?}x
    ports: ["127.0.0.1:18431:80"]
    networks: {default: {ipv4_address: 10.213.7.9}}
    volumes: ["data:/data"]
networks: {default: {ipam: {config: [{subnet: 10.213.7.0/24}]}}}
volumes: {data: {}}
`;

const port = async ({ gantry }: Stack, ...args: readonly string[]) =>
  (await gantry(...args, "port", "fixed", "80")).stdout.replace("127.0.0.1:", "");

onEveryEngine("a copy beside the first project", (scenario) => {
  scenario("has names and ports of its own, and keeps them", { "compose.yaml": project }, async (stack) => {
    const { gantry, project: name, engine } = stack;
    try {
      expect((await gantry("up", "-d")).exitCode).toBe(0);
      const up = await gantry("--isolate", "b", "up", "-d");
      expect(up.exitCode, up.stderr).toBe(0);
      const own = await port(stack, "--isolate", "b");
      expect(up.stderr).toContain(`gantry: ${name}-b: fixed has port ${own} in place of 18431`);
      expect(await port(stack)).toBe("18431");
      expect(Number(own)).toBeGreaterThanOrEqual(20_000);
      const again = await gantry("--isolate", "b", "plan", "--exit-code");
      expect(again.exitCode, again.stdout).toBe(0);
      expect((await gantry("--isolate", "b", "stop", "-t", "1")).exitCode).toBe(0);
      expect((await gantry("--isolate", "b", "up", "-d")).exitCode).toBe(0);
      expect(await port(stack, "--isolate", "b")).toBe(own);
      expect((await gantry("-p", name, "--isolate", "b", "ps", "--services")).stdout.split("\n").toSorted()).toEqual([
        "fixed",
        "web",
      ]);
      const down = await gantry("--isolate", "b", "down", "-v");
      expect(down.exitCode, down.stderr).toBe(0);
      expect((await gantry("ps", "--services")).stdout.split("\n").toSorted()).toEqual(["fixed", "web"]);
    } finally {
      await gantry("--isolate", "b", "down", "-v", "-t", "1");
      const left = await engine.containerList({
        all: true,
        filters: { label: [`com.docker.compose.project=${name}-b`] },
      });
      expect(left).toEqual([]);
    }
  });

  scenario("whose name cannot be one is refused", { "compose.yaml": project }, async ({ gantry }) => {
    const refused = await gantry("--isolate", "Feature/1", "ps");
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain(`"feature-1" would do`);
  });
});
