import { expect } from "vitest";
import { idle, image, onEveryEngine } from "./harness.ts";

const files = {
  "compose.yaml": `
services:
  web: { image: "${image}", command: ["sh", "-c", "echo one; echo two; echo three >&2"] }
  worker: { image: "${image}", command: ["echo", "working"], depends_on: { web: { condition: service_completed_successfully } } }
`,
};

onEveryEngine("logs", (scenario) => {
  scenario("shows what all containers wrote, in the order of time", files, async (stack) => {
    await stack.gantry("up", "-d", "--wait");
    const { exitCode, stdout } = await stack.gantry("logs");
    expect(stdout.split("\n").toSorted()).toEqual(
      ["web-1     | one", "web-1     | two", "web-1     | three", "worker-1  | working"].toSorted(),
    );
    expect(stdout.split("\n").at(-1)).toBe("worker-1  | working");
    expect(exitCode).toBe(0);
  });

  scenario("takes services, a number of lines, times, and leaves out the names", files, async (stack) => {
    await stack.gantry("up", "-d", "--wait");
    expect((await stack.gantry("logs", "--no-log-prefix", "worker")).stdout).toBe("working");
    expect((await stack.gantry("logs", "--tail", "1", "--no-log-prefix")).stdout.split("\n")).toHaveLength(2);
    expect((await stack.gantry("logs", "-t", "worker")).stdout).toMatch(
      /^worker-1 {2}\| \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z working$/,
    );
    expect((await stack.gantry("logs", "--since", "1h", "worker")).stdout).toContain("working");
    expect((await stack.gantry("logs", "--until", "1h", "worker")).stdout).toBe("");
    const future = new Date(Date.now() + 3_600_000).toISOString();
    expect((await stack.gantry("logs", "--since", future)).stdout).toBe("");
  });

  scenario(
    "-f goes on with what is written later, by containers that start later too, until all have stopped",
    {
      "compose.yaml": `
services:
  web: { image: "${image}", command: ${idle.replace("while", "echo first; while")} }
  late: { image: "${image}", command: ["echo", "second"] }
`,
    },
    async (stack) => {
      await stack.gantry("up", "-d", "web");
      const child = stack.start(["logs", "-f"]);
      await new Promise<void>((resolve) => child.stdout.once("data", () => resolve()));
      await stack.gantry("up", "-d", "late");
      await stack.gantry("stop", "web");
      const { exitCode, stdout } = await child;
      expect(stdout).toContain("web-1  | first");
      expect(stdout).toMatch(/late-1 +\| second/);
      expect(exitCode).toBe(0);
    },
  );
});
