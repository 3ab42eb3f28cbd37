import { execFileSync } from "node:child_process";
import { cpSync, existsSync, symlinkSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bench, openBench, withDocker } from "./bench.ts";

const example = path.join(import.meta.dirname, "../../../examples/quickstart");
/** Where the user's plug-ins are; the scenarios have a configuration of their own. */
const plugins = path.join(process.env.DOCKER_CONFIG ?? path.join(os.homedir(), ".docker"), "cli-plugins");

function hasCompose(): boolean {
  try {
    return execFileSync("docker", ["compose", "version", "--short"], { encoding: "utf8", stdio: "pipe" }) !== "";
  } catch {
    return false;
  }
}

withDocker("docker compose", () => {
  describe.skipIf(!hasCompose())("on the quickstart (left out where the compose plug-in is not installed)", () => {
    let bench: Bench;
    beforeAll(async () => {
      bench = await openBench();
      if (existsSync(plugins)) symlinkSync(plugins, path.join(bench.folder, "config/cli-plugins"));
      cpSync(example, path.join(bench.folder, "quickstart"), { recursive: true });
      execFileSync(process.execPath, [path.join(bench.folder, "quickstart/prepare.mjs")]);
    });
    afterAll(() => bench.close());

    const compose = (...args: readonly string[]) => bench.says("compose", "--project-directory", "quickstart", ...args);

    it("up builds and starts it in order, ps and logs tell of it, down takes all of it away", async () => {
      await compose("up", "-d", "--wait");
      const rows = await compose("ps", "-a", "--format", "{{.Service}} {{.State}} {{.Health}} {{.ExitCode}}");
      expect(rows.split("\n").toSorted()).toEqual([
        "api running healthy 0",
        "seed exited  0",
        "store running healthy 0",
        "web running healthy 0",
      ]);
      const page = () => bench.host("curl", "-sf", "http://127.0.0.1:8088/");
      expect(await page()).toContain("<strong>1</strong> times");
      expect(await compose("exec", "-T", "api", "cat", "/run/secrets/token")).not.toBe("");
      const pid = await bench.says("inspect", "--format", "{{.State.Pid}}", "quickstart-store-1");
      expect(await bench.host("nsenter", "-t", pid, "-n", "ip", "route")).not.toContain("default");
      expect(await compose("logs", "--no-color")).toBe("seed-1  | the store holds 0 visits");

      // A second up changes nothing.
      const ids = await compose("ps", "-aq");
      await compose("up", "-d", "--wait");
      expect((await compose("ps", "-aq")).split("\n").toSorted()).toEqual(ids.split("\n").toSorted());

      await compose("down", "-t", "1");
      expect(await bench.says("ps", "-aq")).toBe("");
      expect(await bench.says("network", "ls", "--format", "{{.Name}}")).toBe("bridge\nhost\nnone");
      expect(await bench.says("volume", "ls", "-q")).toBe("quickstart_visits");
      await compose("down", "-v", "--rmi", "all");
      expect(await bench.says("volume", "ls", "-q")).toBe("");
      expect(await bench.says("images", "-q", "--filter", "reference=quickstart*")).toBe("");
    });
  });
});
