import { expect } from "vitest";
import { ended, idle, image, onEveryEngine } from "./harness.ts";

const files = {
  "compose.yaml": `
services:
  web: { image: "${image}", command: ${idle}, ports: ["127.0.0.1::80"] }
  job: { image: "${image}", command: ["sh", "-c", "exit 3"] }
`,
};

onEveryEngine("lists", (scenario) => {
  scenario("ps shows what runs, with -a what ended too", files, async (stack) => {
    await stack.gantry("up", "-d");
    await ended(stack, "job-1");
    const running = await stack.gantry("ps");
    expect(running.stdout).toMatch(/^NAME +IMAGE +COMMAND +SERVICE +CREATED +STATUS +PORTS\n/);
    expect(running.stdout).toMatch(new RegExp(`${stack.project}-web-1 .* web .* Up .* 127\\.0\\.0\\.1:\\d+->80/tcp$`));
    expect(running.stdout).not.toContain("job-1");
    const all = await stack.gantry("ps", "-a", "--format", "json");
    const rows = all.stdout.split("\n").map((line) => JSON.parse(line));
    expect(rows.map(({ Service, State, ExitCode }) => ({ Service, State, ExitCode }))).toEqual([
      { Service: "job", State: "exited", ExitCode: 3 },
      { Service: "web", State: "running", ExitCode: 0 },
    ]);
    expect((await stack.gantry("ps", "--status", "exited", "--services")).stdout).toBe("job");
    expect((await stack.gantry("ps", "-q", "--filter", "status=running")).stdout).toBe(
      (await stack.containers()).get("web-1")?.Id,
    );
    expect((await stack.gantry("ps", "-a", "--format", "{{.Service}}={{.ExitCode}}")).stdout).toBe("job=3\nweb=0");
  });

  scenario("ls shows the project and how many of its containers are in which state", files, async (stack) => {
    await stack.gantry("up", "-d");
    await ended(stack, "job-1");
    const named = ["--filter", `name=${stack.project}`, "--format", "json"];
    expect(JSON.parse((await stack.gantry("ls", ...named)).stdout)).toMatchObject([
      { Name: stack.project, Status: "running(1)" },
    ]);
    const [all] = JSON.parse((await stack.gantry("ls", "-a", ...named)).stdout);
    expect(all).toEqual({
      Name: stack.project,
      Status: "exited(1), running(1)",
      ConfigFiles: `${stack.folder}/compose.yaml`,
    });
    await stack.gantry("down");
    expect((await stack.gantry("ls", "-a", ...named)).stdout).toBe("[]");
  });
});
