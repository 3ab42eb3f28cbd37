import { expect } from "vitest";
import { idle, idsOf, image, onEveryEngine, statesOf } from "./harness.ts";

const healthy = `
services:
  web:
    image: ${image}
    command: ${idle}
    depends_on: { db: { condition: service_healthy } }
  db:
    image: ${image}
    command: ["sh", "-c", "sleep 1; touch /ready; sleep 1000"]
    stop_signal: SIGKILL
    healthcheck: { test: ["CMD", "test", "-e", "/ready"], interval: 1s, retries: 20 }
`;

onEveryEngine("dependencies", (scenario) => {
  scenario("a dependent starts only when its dependency is healthy", { "compose.yaml": healthy }, async (stack) => {
    expect((await stack.gantry("up", "-d")).exitCode).toBe(0);
    const containers = await stack.containers();
    const [db, web] = await Promise.all(
      ["db-1", "web-1"].map((name) => stack.engine.containerInspect({ id: containers.get(name)?.Id ?? "" })),
    );
    expect(db?.State.Health?.Status).toBe("healthy");
    const passed = db?.State.Health?.Log?.find(({ ExitCode }) => ExitCode === 0)?.Start ?? "";
    expect(Date.parse(web?.State.StartedAt ?? "")).toBeGreaterThan(Date.parse(passed));
  });

  scenario(
    "a job is awaited, and not done again once it has ended well",
    {
      "compose.yaml": `
services:
  job: { image: "${image}", command: ["sh", "-c", "sleep 0.3"] }
  web: { image: "${image}", command: ${idle}, depends_on: { job: { condition: service_completed_successfully } } }
`,
    },
    async (stack) => {
      expect((await stack.gantry("up", "-d", "--wait")).exitCode).toBe(0);
      const before = await stack.containers();
      expect(statesOf(before)).toEqual({ "job-1": "exited", "web-1": "running" });
      const startedAt = async () =>
        (await stack.engine.containerInspect({ id: before.get("job-1")?.Id ?? "" })).State.StartedAt;
      const first = await startedAt();
      expect((await stack.gantry("up", "-d", "--wait")).exitCode).toBe(0);
      expect(await startedAt()).toBe(first);
      expect(idsOf(await stack.containers())).toEqual(idsOf(before));
    },
  );

  scenario(
    "a dependency that dies fails the start, shows its last words, and its dependents do not run",
    {
      "compose.yaml": `
services:
  db:
    image: ${image}
    command: ["sh", "-c", "echo no space left on the moon >&2; exit 3"]
    healthcheck: { test: ["CMD", "true"], interval: 10s }
  web: { image: "${image}", command: ${idle}, depends_on: { db: { condition: service_healthy } } }
  other: { image: "${image}", command: ${idle} }
`,
    },
    async (stack) => {
      const { exitCode, stderr } = await stack.gantry("up", "-d");
      expect(statesOf(await stack.containers())).toEqual({
        "db-1": "exited",
        "other-1": "running",
        "web-1": "created",
      });
      expect(stderr).toContain(`container ${stack.project}-db-1 exited (3)`);
      expect(stderr).toContain("no space left on the moon");
      expect(stderr).not.toMatch(/\n\s+at .*:\d+:\d+/);
      expect(exitCode).toBe(1);
    },
  );

  scenario(
    "an unhealthy dependency fails the start and shows what its check said",
    {
      "compose.yaml": `
services:
  db:
    image: ${image}
    command: ${idle}
    healthcheck: { test: ["CMD-SHELL", "echo the disk is full; exit 1"], interval: 200ms, retries: 2 }
  web: { image: "${image}", command: ${idle}, depends_on: { db: { condition: service_healthy } } }
`,
    },
    async (stack) => {
      const { exitCode, stderr } = await stack.gantry("up", "-d");
      expect((await stack.containers()).get("web-1")?.State).toBe("created");
      expect(stderr).toContain(`container ${stack.project}-db-1 is unhealthy`);
      expect(stderr).toContain("the disk is full");
      expect(exitCode).toBe(1);
    },
  );

  scenario(
    "dependents with restart: true are restarted with what they depend on",
    {
      "compose.yaml": `
services:
  db: { image: "${image}", command: ${idle} }
  web: { image: "${image}", command: ${idle}, depends_on: { db: { condition: service_started, restart: true } } }
`,
    },
    async (stack) => {
      await stack.gantry("up", "-d");
      const id = (await stack.containers()).get("web-1")?.Id ?? "";
      const before = (await stack.engine.containerInspect({ id })).State.StartedAt;
      expect((await stack.gantry("restart", "-t", "1", "db")).exitCode).toBe(0);
      expect((await stack.engine.containerInspect({ id })).State.StartedAt).not.toBe(before);
    },
  );
});
