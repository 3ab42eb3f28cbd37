import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import { idle, image, onEveryEngine, statesOf } from "./harness.ts";

const files = { "compose.yaml": `services: {web: {image: ${image}, command: ${idle}, init: false}}` };

onEveryEngine("the engine's own verbs", (scenario) => {
  scenario("act on containers, whatever project they are of", files, async ({ gantry, containers, project }) => {
    await gantry("up", "-d");
    const name = `${project}-web-1`;
    const label = `label=com.docker.compose.project=${project}`;
    expect((await gantry("container", "ls", "--filter", label, "--format", "{{.Names}} {{.State}}")).stdout).toBe(
      `${name} running`,
    );
    const [inspected] = JSON.parse((await gantry("container", "inspect", name)).stdout);
    expect(inspected.Name).toBe(`/${name}`);
    expect(await gantry("container", "pause", name)).toMatchObject({ exitCode: 0, stdout: name });
    expect(statesOf(await containers())).toEqual({ "web-1": "paused" });
    await gantry("container", "unpause", name);
    await gantry("container", "stop", "-t", "1", name);
    expect(statesOf(await containers())).toEqual({ "web-1": "exited" });
    expect((await gantry("container", "ls", "-q", "--filter", label)).stdout).toBe("");
    expect(await gantry("container", "rm", name)).toMatchObject({ exitCode: 0, stdout: name });
    expect(statesOf(await containers())).toEqual({});
  });

  scenario("refuse --dry-run, and do nothing", files, async ({ gantry, containers, project }) => {
    await gantry("up", "-d");
    for (const flags of [
      ["--dry-run", "container", "rm", "-f"],
      ["container", "rm", "--dry-run", "-f"],
    ]) {
      const { exitCode, stderr } = await gantry(...flags, `${project}-web-1`);
      expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining("--dry-run") });
    }
    expect(statesOf(await containers())).toEqual({ "web-1": "running" });
  });

  scenario("do what they can, and tell of each that is not there", files, async ({ gantry, project }) => {
    await gantry("up", "-d");
    const { exitCode, stdout, stderr } = await gantry("container", "kill", "nobody", `${project}-web-1`);
    expect(exitCode).toBe(1);
    expect(stdout).toBe(`${project}-web-1`);
    expect(stderr).toMatch(/No such container: nobody/i);
  });

  scenario("make, list and remove networks and volumes", {}, async ({ gantry, engine }) => {
    const name = `gs${randomBytes(4).toString("hex")}`;
    await gantry("network", "create", "--label", "a=1", "--internal", name);
    expect(await engine.networkInspect({ id: name })).toMatchObject({ Internal: true, Labels: { a: "1" } });
    expect((await gantry("network", "ls", "--filter", `name=${name}`, "--format", "{{.Name}}")).stdout).toBe(name);
    expect(await gantry("network", "rm", name)).toMatchObject({ exitCode: 0, stdout: name });
    expect(await gantry("volume", "create", "--label", "a=1", name)).toMatchObject({ exitCode: 0, stdout: name });
    expect((await gantry("volume", "ls", "-q", "--filter", `name=${name}`)).stdout).toBe(name);
    expect(JSON.parse((await gantry("volume", "inspect", name)).stdout)[0].Labels).toEqual({ a: "1" });
    expect(await gantry("volume", "rm", name)).toMatchObject({ exitCode: 0, stdout: name });
  });

  scenario("name, save, load and remove images", {}, async ({ gantry, engine, folder }) => {
    const name = `gs${randomBytes(4).toString("hex")}`;
    expect((await gantry("image", "tag", image, `${name}:2`)).exitCode).toBe(0);
    const list = await gantry("image", "ls", name, "--format", "{{.Repository}}:{{.Tag}}");
    expect(list.stdout.split("\n")).toContain(`${name}:2`);
    expect((await gantry("image", "save", "-o", `${folder}/x.tar`, `${name}:2`)).exitCode).toBe(0);
    expect((await gantry("image", "rm", `${name}:2`)).stdout).toContain(`Untagged: ${name}:2`);
    expect((await gantry("image", "load", "-i", `${folder}/x.tar`)).stdout).toContain(`Loaded image: ${name}:2`);
    const { Id } = await engine.imageInspect({ name: `${name}:2` });
    expect(JSON.parse((await gantry("image", "inspect", `${name}:2`)).stdout)[0].Id).toBe(Id);
    await gantry("image", "rm", `${name}:2`);
  });

  scenario(
    "build images",
    { "app/Dockerfile.it": `FROM ${image}\nARG A\nENV B=$A\nLABEL c=d\n` },
    async ({ gantry, engine }) => {
      const name = `gs${randomBytes(4).toString("hex")}`;
      const flags = [
        "-t",
        `${name}:1`,
        "-t",
        `${name}:2`,
        "-f",
        "app/Dockerfile.it",
        "--build-arg",
        "A=x",
        "--label",
        "e=f",
      ];
      const built = await gantry("image", "build", "-q", ...flags, "app");
      expect(built.exitCode, built.stderr).toBe(0);
      const { Id, Config } = await engine.imageInspect({ name: `${name}:1` });
      expect(built.stdout).toBe(Id);
      expect(Config?.Env).toContain("B=x");
      expect(Config?.Labels).toEqual({ c: "d", e: "f" });
      expect((await engine.imageInspect({ name: `${name}:2` })).Id).toBe(Id);
      for (const tag of ["1", "2"]) await engine.imageRemove({ name: `${name}:${tag}` });
    },
  );

  scenario("tell of the engine", {}, async ({ gantry }) => {
    const { usage } = JSON.parse((await gantry("system", "df", "--json")).stdout);
    expect(usage.map(({ type }: { type: string }) => type)).toEqual([
      "Images",
      "Containers",
      "Local Volumes",
      "Build Cache",
    ]);
    expect((await gantry("system", "info")).stdout).toContain("ServerVersion: ");
  });
});
