import { expect } from "vitest";
import { idle, image, onEveryEngine, seen, statesOf } from "./harness.ts";

/** Says something and then runs until it is told to end. */
const talking = (words: string) => idle.replace("while", `echo ${words}; while`);
/** Says something and does not heed SIGTERM. */
const deaf = `["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 1000; done"]`;

const two = `
services:
  web: { image: "${image}", command: ${talking("hello from web")} }
  database: { image: "${image}", command: ${talking("hello from database")} }
`;

onEveryEngine("up in the foreground", (scenario) => {
  scenario(
    "shows each line behind the container's name; Ctrl-C stops the containers",
    { "compose.yaml": two },
    async (stack) => {
      const child = stack.start(["up"]);
      await seen(child, "hello from web", "hello from database");
      child.kill("SIGINT");
      const { exitCode, stdout, stderr } = await child;
      expect(statesOf(await stack.containers())).toEqual({ "database-1": "exited", "web-1": "exited" });
      expect(stderr).toContain("Attaching to database-1, web-1");
      expect(stderr).toContain("Gracefully Stopping... press Ctrl+C again to force");
      const lines = stdout.split("\n");
      expect(lines).toContain("web-1       | hello from web");
      expect(lines).toContain("database-1  | hello from database");
      expect(lines).toContain("web-1 exited with code 0");
      expect(exitCode).toBe(130);
    },
  );

  scenario(
    "a second Ctrl-C kills what does not stop",
    {
      "compose.yaml": `services: { web: { image: "${image}", command: ${deaf}, stop_grace_period: 5m } }`,
    },
    async (stack) => {
      const child = stack.start(["up"]);
      await seen(child, "web-1  | deaf");
      child.kill("SIGINT");
      await seen(child, "Stopping");
      child.kill("SIGINT");
      const { exitCode, stdout } = await child;
      expect(statesOf(await stack.containers())).toEqual({ "web-1": "exited" });
      expect(stdout).toContain("web-1 exited with code 137");
      expect(exitCode).toBe(130);
    },
  );

  scenario(
    "ends by itself when all containers have ended, with 0",
    {
      "compose.yaml": `services: { job: { image: "${image}", command: ["sh", "-c", "echo out; echo err >&2; exit 3"] } }`,
    },
    async (stack) => {
      const { exitCode, stdout, stderr } = await stack.gantry("up");
      expect(stdout).toContain("job-1  | out\n");
      expect(stderr).toMatch(/^job-1 {2}\| err$/m);
      expect(stdout).toMatch(/job-1 exited with code 3$/);
      expect(exitCode).toBe(0);
    },
  );

  scenario(
    "a container that is started again is shown on",
    {
      "compose.yaml": `
services:
  job: { image: "${image}", command: ["sh", "-c", "echo once more; exit 3"], restart: "on-failure:1" }
`,
    },
    async (stack) => {
      const { stdout } = await stack.gantry("up");
      expect(stdout.split("\n")).toEqual([
        "job-1  | once more",
        "job-1 exited with code 3 (restarting)",
        "job-1  | once more",
        "job-1 exited with code 3",
      ]);
    },
  );

  const jobs = `
services:
  web: { image: "${image}", command: ${idle} }
  good: { image: "${image}", command: ["true"] }
  bad: { image: "${image}", command: ["sh", "-c", "exit 4"], depends_on: { good: { condition: service_completed_successfully } } }
`;

  scenario("--abort-on-container-exit stops all when one ends", { "compose.yaml": jobs }, async (stack) => {
    const { exitCode } = await stack.gantry("up", "--abort-on-container-exit", "web", "good");
    expect(statesOf(await stack.containers())).toEqual({ "good-1": "exited", "web-1": "exited" });
    expect(exitCode).toBe(0);
  });

  scenario("--abort-on-container-failure goes on until one fails", { "compose.yaml": jobs }, async (stack) => {
    const { exitCode } = await stack.gantry("up", "--abort-on-container-failure");
    expect(statesOf(await stack.containers())).toEqual({ "bad-1": "exited", "good-1": "exited", "web-1": "exited" });
    expect(exitCode).toBe(4);
  });

  scenario(
    "--exit-code-from ends as one service does",
    {
      "compose.yaml": `
services:
  web: { image: "${image}", command: ${idle} }
  test: { image: "${image}", command: ["sh", "-c", "exit 7"], depends_on: [web] }
`,
    },
    async (stack) => {
      expect((await stack.gantry("up", "--exit-code-from", "test")).exitCode).toBe(7);
      expect(statesOf(await stack.containers())).toEqual({ "test-1": "exited", "web-1": "exited" });
    },
  );
});
