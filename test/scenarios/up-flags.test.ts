import { expect } from "vitest";
import { idle, idsOf, image, onEveryEngine, type Stack, statesOf } from "./harness.ts";

const chain = `
services:
  web: { image: "${image}", command: ${idle}, depends_on: [db] }
  db: { image: "${image}", command: ${idle}, volumes: [/scratch] }
`;

/** The anonymous volume of the database. */
async function scratchOf(stack: Stack): Promise<string | undefined> {
  return (await stack.containers()).get("db-1")?.Mounts.find(({ Destination }) => Destination === "/scratch")?.Name;
}

onEveryEngine("a flag of up", (scenario) => {
  scenario(
    "--wait: up ends when all are healthy or run",
    {
      "compose.yaml": `
services:
  web: { image: "${image}", command: ${idle} }
  db:
    image: ${image}
    command: ["sh", "-c", "sleep 0.5; touch /ready; sleep 1000"]
    stop_signal: SIGKILL
    healthcheck: { test: ["CMD", "test", "-e", "/ready"], interval: 300ms, retries: 50 }
`,
    },
    async (stack) => {
      const { exitCode, stderr } = await stack.gantry("up", "--wait");
      const containers = await stack.containers();
      expect(statesOf(containers)).toEqual({ "db-1": "running", "web-1": "running" });
      expect(containers.get("db-1")?.Status).toContain("(healthy)");
      expect(stderr).toContain(`Container ${stack.project}-db-1  Healthy`);
      expect(exitCode).toBe(0);
    },
  );

  scenario(
    "--wait-timeout: up gives up on what does not become healthy",
    {
      "compose.yaml": `
services:
  db: { image: "${image}", command: ${idle}, healthcheck: { test: ["CMD", "false"], interval: 10m } }
`,
    },
    async (stack) => {
      const { exitCode, stderr } = await stack.gantry("up", "--wait", "--wait-timeout", "1");
      expect(statesOf(await stack.containers())).toEqual({ "db-1": "running" });
      expect(stderr).toContain(`application not healthy after 1s: ${stack.project}-db-1`);
      expect(exitCode).toBe(1);
    },
  );

  scenario("--force-recreate: what is up to date is replaced too", { "compose.yaml": chain }, async (stack) => {
    await stack.gantry("up", "-d");
    const before = await stack.containers();
    const scratch = await scratchOf(stack);
    expect((await stack.gantry("up", "-d", "--force-recreate")).exitCode).toBe(0);
    const after = await stack.containers();
    expect(statesOf(after)).toEqual({ "db-1": "running", "web-1": "running" });
    for (const name of ["db-1", "web-1"]) expect(after.get(name)?.Id).not.toBe(before.get(name)?.Id);
    expect(await scratchOf(stack)).toBe(scratch);
  });

  scenario("-V: the new containers get new anonymous volumes", { "compose.yaml": chain }, async (stack) => {
    await stack.gantry("up", "-d");
    const scratch = await scratchOf(stack);
    expect((await stack.gantry("up", "-d", "-V")).exitCode).toBe(0);
    expect(await scratchOf(stack)).not.toBe(scratch);
  });

  scenario("--no-recreate: what is out of date stays", { "compose.yaml": chain }, async (stack) => {
    await stack.gantry("up", "-d");
    const before = idsOf(await stack.containers());
    stack.write({ "compose.yaml": chain.replace("depends_on", "environment: { A: b }, depends_on") });
    expect((await stack.gantry("up", "-d", "--no-recreate")).exitCode).toBe(0);
    expect(idsOf(await stack.containers())).toEqual(before);
  });

  scenario(
    "a service that is named brings what it depends on, unless --no-deps",
    { "compose.yaml": chain },
    async (stack) => {
      await stack.gantry("up", "-d", "--no-deps", "web");
      expect(statesOf(await stack.containers())).toEqual({ "web-1": "running" });
      await stack.gantry("up", "-d", "web");
      expect(statesOf(await stack.containers())).toEqual({ "db-1": "running", "web-1": "running" });
    },
  );

  scenario("--no-start: containers are made and not started", { "compose.yaml": chain }, async (stack) => {
    expect((await stack.gantry("up", "--no-start")).exitCode).toBe(0);
    expect(statesOf(await stack.containers())).toEqual({ "db-1": "created", "web-1": "created" });
    await stack.gantry("up", "-d");
    expect(statesOf(await stack.containers())).toEqual({ "db-1": "running", "web-1": "running" });
  });

  scenario(
    "--build: what was built is built again, and replaced where it changed",
    {
      "compose.yaml": `services: { web: { build: ., command: ${idle} }, db: { image: "${image}", command: ${idle} } }`,
      Dockerfile: `FROM ${image}\nCOPY page /page\n`,
      page: "one",
    },
    async (stack) => {
      expect((await stack.gantry("up", "-d")).exitCode).toBe(0);
      const before = idsOf(await stack.containers());
      stack.write({ page: "two" });
      await stack.gantry("up", "-d");
      expect(idsOf(await stack.containers())).toEqual(before);
      expect((await stack.gantry("up", "-d", "--build")).exitCode).toBe(0);
      const after = await stack.containers();
      expect(after.get("db-1")?.Id).toBe(before["db-1"]);
      expect(after.get("web-1")?.Id).not.toBe(before["web-1"]);
      expect((await stack.gantry("plan", "--exit-code")).exitCode).toBe(0);
    },
  );

  scenario(
    "--pull always: an image that cannot be pulled fails the run before anything is made",
    { "compose.yaml": chain },
    async (stack) => {
      stack.write({ "compose.yaml": chain.replaceAll(image, "127.0.0.1:1/nothing/here:1") });
      const { exitCode, stderr } = await stack.gantry("up", "-d", "--pull", "always");
      expect((await stack.containers()).size).toBe(0);
      expect(stderr).toContain("127.0.0.1:1/nothing/here:1");
      expect(exitCode).toBe(1);
    },
  );
});
