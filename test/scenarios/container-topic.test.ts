import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { execa } from "execa";
import { expect } from "vitest";
import { executable, image, onEveryEngine, type Stack } from "./harness.ts";

/** Runs with names of its own, whose containers are taken away. */
async function withName({ engine }: Stack, body: (name: string) => Promise<void>): Promise<void> {
  const name = `gs${randomBytes(4).toString("hex")}`;
  try {
    await body(name);
  } finally {
    for (const { Id: id } of await engine.containerList({ all: true, filters: { name: [name] } })) {
      await engine.containerRemove({ id, force: true, v: true });
    }
  }
}

const sleeps = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done"];

onEveryEngine("gantry container", (scenario) => {
  scenario("run passes output, exit code and settings on, and leaves nothing with --rm", {}, async (stack) => {
    await withName(stack, async (name) => {
      const { gantry, engine } = stack;
      const script = "echo $A; id -u; echo no >&2; exit 7";
      const ran = await gantry(
        "container",
        "run",
        "--rm",
        "--name",
        name,
        "-e",
        "A=b",
        "-u",
        "5",
        image,
        "sh",
        "-c",
        script,
      );
      expect(ran).toMatchObject({ exitCode: 7, stdout: "b\n5", stderr: "no" });
      await expect(engine.containerInspect({ id: name })).rejects.toThrow(/no such container/i);
      const missing = await gantry("container", "run", "--rm", image, "not-there");
      expect(missing.exitCode).toBe(127);
    });
  });

  scenario("run -i hands standard input over, its end too", {}, async ({ url }) => {
    const args = [executable, "container", "run", "-i", "--rm", image, "cat"];
    const ran = await execa(process.execPath, args, { input: "typed", env: { DOCKER_HOST: url } });
    expect(ran.stdout).toBe("typed");
  });

  scenario("a container lives its whole life by these verbs", {}, async (stack) => {
    await withName(stack, async (name) => {
      const { gantry, engine, folder, write } = stack;
      const run = ["container", "run", "-d", "--name", name, "-p", "127.0.0.1::80", "-m", "64m", "-v", "/data"];
      const ran = await gantry(...run, image, ...sleeps);
      expect(ran.exitCode, ran.stderr).toBe(0);
      const { Id, HostConfig } = await engine.containerInspect({ id: name });
      expect(ran.stdout).toBe(Id);
      expect(HostConfig.Memory).toBe(64 * 1024 ** 2);
      expect((await gantry("container", "port", name)).stdout).toMatch(/^80\/tcp -> 127\.0\.0\.1:\d+$/);
      expect((await gantry("container", "port", name, "80")).stdout).toMatch(/^127\.0\.0\.1:\d+$/);
      expect(await gantry("container", "port", name, "81")).toMatchObject({ exitCode: 1 });
      expect(await gantry("container", "exec", "-e", "A=b", name, "sh", "-c", "echo $A; exit 3")).toMatchObject({
        exitCode: 3,
        stdout: "b",
      });
      write({ "in.txt": "copied" });
      expect((await gantry("container", "cp", "in.txt", `${name}:/made`)).exitCode).toBe(0);
      expect((await gantry("container", "cp", `${name}:/made`, "out.txt")).exitCode).toBe(0);
      expect(await readFile(`${folder}/out.txt`, "utf8")).toBe("copied");
      expect((await gantry("container", "diff", name)).stdout.split("\n")).toContain("A /made");
      expect((await gantry("container", "top", name)).stdout).toContain("sleep 1000");
      expect((await gantry("container", "stats", "--no-stream", "--format", "{{.Name}}", name)).stdout).toBe(name);
      expect((await gantry("container", "update", "--restart", "always", name)).stdout).toBe(name);
      expect((await engine.containerInspect({ id: name })).HostConfig.RestartPolicy?.Name).toBe("always");
      expect((await gantry("container", "rename", name, `${name}-b`)).exitCode).toBe(0);
      const committed = await gantry("container", "commit", "-m", "why", "-c", "ENV C=d", `${name}-b`, `${name}:1`);
      expect(committed.stdout).toMatch(/^sha256:/);
      expect((await gantry("image", "history", "--format", "{{.Comment}}", `${name}:1`)).stdout).toContain("why");
      expect((await gantry("container", "export", "-o", "all.tar", `${name}-b`)).exitCode).toBe(0);
      const imported = await gantry("image", "import", "-c", "ENV E=f", "all.tar", `${name}:2`);
      expect(imported.exitCode, imported.stderr).toBe(0);
      expect((await engine.imageInspect({ name: `${name}:2` })).Config?.Env).toContain("E=f");
      for (const tag of ["1", "2"]) await engine.imageRemove({ name: `${name}:${tag}` });
    });
  });

  scenario("a container is put on a network, and taken off it", {}, async (stack) => {
    await withName(stack, async (name) => {
      const { gantry, engine } = stack;
      await gantry("network", "create", name);
      try {
        await gantry("container", "create", "--name", name, image, "true");
        expect((await gantry("network", "connect", "--alias", "other", name, name)).exitCode).toBe(0);
        const networks = (await engine.containerInspect({ id: name })).NetworkSettings.Networks;
        expect(networks?.[name]?.Aliases).toContain("other");
        expect((await gantry("network", "disconnect", name, name)).exitCode).toBe(0);
        expect(Object.keys((await engine.containerInspect({ id: name })).NetworkSettings.Networks ?? {})).not.toContain(
          name,
        );
      } finally {
        await gantry("container", "rm", "-f", name);
        await gantry("network", "rm", name);
      }
    });
  });

  scenario("a flag that is none gets the usage and the nearest one", {}, async ({ gantry }) => {
    const wrong = await gantry("container", "run", "--memry", "1g", image);
    expect(wrong.exitCode).toBe(1);
    expect(wrong.stderr).toContain("--memory");
    expect(wrong.stderr).toContain("Usage: gantry container run");
  });
});
