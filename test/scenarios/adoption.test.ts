import { readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import type { ContainerCreateBody, NetworkCreateBody, VolumeCreateBody } from "../../src/engine/api.ts";
import { idsOf, image, onEveryEngine, type Stack, statesOf } from "./harness.ts";

/** What docker compose asked of an engine for a project, its own names left open. */
interface Recording {
  readonly compose: string;
  readonly network: NetworkCreateBody;
  readonly volume: VolumeCreateBody;
  readonly containers: Readonly<Record<string, ContainerCreateBody>>;
}

const recorded = readFileSync(path.join(import.meta.dirname, "fixtures/docker-compose-2.40.json"), "utf8");

/** Makes the recorded project as docker compose did: the same calls, the same bodies. */
async function upByDockerCompose({ engine, project, folder, write }: Stack): Promise<void> {
  const { Id } = await engine.imageInspect({ name: image });
  const filled = recorded
    .replaceAll("{project}", project)
    .replaceAll("{folder}", folder)
    .replaceAll("{image}", image)
    .replaceAll("{image id}", Id);
  const { compose, network, volume, containers }: Recording = JSON.parse(filled);
  write({ "compose.yaml": compose });
  await engine.networkCreate({ body: network });
  await engine.volumeCreate({ body: volume });
  for (const [name, body] of Object.entries(containers)) {
    const { Id: id } = await engine.containerCreate({ name: `${project}-${name}`, body });
    await engine.containerStart({ id });
  }
}

onEveryEngine("a project that docker compose brought up", (scenario) => {
  scenario("is found, and left as it is by up", {}, async (stack) => {
    await upByDockerCompose(stack);
    const before = idsOf(await stack.containers());
    const { exitCode, stderr } = await stack.gantry("up", "-d");
    expect(idsOf(await stack.containers())).toEqual(before);
    expect(stderr).not.toMatch(/Creat|Start|Recreat|warning/);
    expect(exitCode).toBe(0);
    expect((await stack.gantry("plan", "--exit-code")).exitCode).toBe(0);
    expect((await stack.gantry("ps", "--services")).stdout).toBe("db\nweb");
  });

  scenario("is changed where its file was, field by field", {}, async (stack) => {
    await upByDockerCompose(stack);
    const before = idsOf(await stack.containers());
    const compose = readFileSync(path.join(stack.folder, "compose.yaml"), "utf8");
    stack.write({ "compose.yaml": compose.replace("COLOUR: blue", "COLOUR: green") });
    const plan = await stack.gantry("plan");
    expect(plan.stdout).toContain("config changed: environment.COLOUR");
    expect((await stack.gantry("up", "-d")).exitCode).toBe(0);
    const containers = await stack.containers();
    expect(statesOf(containers)).toEqual({ "db-1": "running", "web-1": "running" });
    expect(containers.get("db-1")?.Id).toBe(before["db-1"]);
    expect(containers.get("web-1")?.Id).not.toBe(before["web-1"]);
  });

  scenario("is taken down, also where its files are gone", {}, async (stack) => {
    await upByDockerCompose(stack);
    expect((await stack.gantry("-p", stack.project, "down", "-v")).exitCode).toBe(0);
    const filters = { label: [`com.docker.compose.project=${stack.project}`] };
    expect((await stack.containers()).size).toBe(0);
    expect(await stack.engine.networkList({ filters })).toEqual([]);
    expect((await stack.engine.volumeList({ filters })).Volumes ?? []).toEqual([]);
  });
});
