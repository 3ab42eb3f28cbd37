import { expect } from "vitest";
import { idle, idsOf, image, onEveryEngine, statesOf } from "./harness.ts";

const two = `
services:
  web:
    image: ${image}
    command: ${idle}
    environment: { COLOUR: blue }
    depends_on: [db]
  db:
    image: ${image}
    command: ${idle}
    volumes: [data:/data]
volumes:
  data:
`;

onEveryEngine("up", (scenario) => {
  scenario(
    "a project is brought up: containers run, with a network and a volume of their own",
    { "compose.yaml": two },
    async (stack) => {
      const { exitCode, stderr } = await stack.gantry("up", "-d");
      expect(statesOf(await stack.containers())).toEqual({ "db-1": "running", "web-1": "running" });
      const label = [`com.docker.compose.project=${stack.project}`];
      const networks = await stack.engine.networkList({ filters: { label } });
      expect(networks.map(({ Name }) => Name)).toEqual([`${stack.project}_default`]);
      const volumes = await stack.engine.volumeList({ filters: { label } });
      expect(volumes.Volumes?.map(({ Name }) => Name)).toEqual([`${stack.project}_data`]);
      expect(stderr).toContain(`Container ${stack.project}-web-1  Started`);
      expect(exitCode).toBe(0);
    },
  );

  scenario("a second up changes nothing, and says what runs", { "compose.yaml": two }, async (stack) => {
    await stack.gantry("up", "-d");
    const before = idsOf(await stack.containers());
    const { exitCode, stderr } = await stack.gantry("up", "-d");
    expect(idsOf(await stack.containers())).toEqual(before);
    expect(stderr).toContain(`Container ${stack.project}-web-1  Running`);
    expect(stderr).not.toMatch(/Creat|Start|Recreat/);
    expect(exitCode).toBe(0);
    expect((await stack.gantry("plan", "--exit-code")).exitCode).toBe(0);
  });

  scenario("a changed service is replaced, its neighbours are not", { "compose.yaml": two }, async (stack) => {
    await stack.gantry("up", "-d");
    const before = idsOf(await stack.containers());
    stack.write({ "compose.yaml": two.replace("COLOUR: blue", "COLOUR: green") });
    const plan = await stack.gantry("plan", "--exit-code");
    expect(plan.exitCode).toBe(2);
    expect(plan.stdout).toContain("config changed: environment.COLOUR");
    expect((await stack.gantry("up", "-d")).exitCode).toBe(0);
    const containers = await stack.containers();
    expect(statesOf(containers)).toEqual({ "db-1": "running", "web-1": "running" });
    expect(containers.get("db-1")?.Id).toBe(before["db-1"]);
    expect(containers.get("web-1")?.Id).not.toBe(before["web-1"]);
  });

  scenario("a dry run shows the steps and touches nothing", { "compose.yaml": two }, async (stack) => {
    const { exitCode, stdout } = await stack.gantry("up", "-d", "--dry-run");
    expect((await stack.containers()).size).toBe(0);
    expect(stdout).toContain("create container");
    expect(exitCode).toBe(0);
  });

  scenario("a service is scaled up and down, the first container stays", { "compose.yaml": two }, async (stack) => {
    await stack.gantry("up", "-d");
    const before = idsOf(await stack.containers());
    await stack.gantry("up", "-d", "--scale", "web=3");
    const three = await stack.containers();
    expect([...three.keys()]).toEqual(["db-1", "web-1", "web-2", "web-3"]);
    expect(three.get("web-1")?.Id).toBe(before["web-1"]);
    await stack.gantry("up", "-d", "--scale", "web=1");
    expect(idsOf(await stack.containers())).toEqual(before);
  });

  scenario(
    "only services of active profiles run, and those that were named",
    {
      "compose.yaml": `
services:
  web: { image: "${image}", command: ${idle} }
  debug: { image: "${image}", command: ${idle}, profiles: [tools] }
`,
    },
    async (stack) => {
      await stack.gantry("up", "-d");
      expect(statesOf(await stack.containers())).toEqual({ "web-1": "running" });
      await stack.gantry("--profile", "tools", "up", "-d");
      expect(statesOf(await stack.containers())).toEqual({ "debug-1": "running", "web-1": "running" });
      const { stderr } = await stack.gantry("up", "-d");
      expect(stderr).not.toContain("orphan");
    },
  );

  scenario(
    "a second file is laid over the first",
    {
      "a.yaml": `services: { web: { image: "${image}", command: ${idle}, environment: { A: first, B: first } } }`,
      "b.yaml": `services: { web: { environment: { B: second } } }`,
    },
    async (stack) => {
      await stack.gantry("-f", "a.yaml", "-f", "b.yaml", "up", "-d");
      const web = (await stack.containers()).get("web-1");
      const { Config } = await stack.engine.containerInspect({ id: web?.Id ?? "" });
      expect(Config.Env).toEqual(expect.arrayContaining(["A=first", "B=second"]));
    },
  );

  scenario("orphans are told of, and removed when that is asked for", { "compose.yaml": two }, async (stack) => {
    await stack.gantry("up", "-d");
    stack.write({
      "compose.yaml": `services: { db: { image: "${image}", command: ${idle}, volumes: ["data:/data"] } }\nvolumes: { data: }`,
    });
    const told = await stack.gantry("up", "-d");
    expect([...(await stack.containers()).keys()]).toEqual(["db-1", "web-1"]);
    expect(told.stderr).toContain("orphan");
    expect((await stack.gantry("up", "-d", "--remove-orphans")).exitCode).toBe(0);
    expect([...(await stack.containers()).keys()]).toEqual(["db-1"]);
  });

  scenario(
    "down takes containers and networks away, with -v the volumes too",
    { "compose.yaml": two },
    async (stack) => {
      await stack.gantry("up", "-d");
      expect((await stack.gantry("down")).exitCode).toBe(0);
      const filters = { label: [`com.docker.compose.project=${stack.project}`] };
      expect((await stack.containers()).size).toBe(0);
      expect(await stack.engine.networkList({ filters })).toEqual([]);
      expect((await stack.engine.volumeList({ filters })).Volumes).toHaveLength(1);
      await stack.gantry("down", "-v");
      expect((await stack.engine.volumeList({ filters })).Volumes ?? []).toEqual([]);
    },
  );

  scenario("stop, start and restart keep the containers", { "compose.yaml": two }, async (stack) => {
    await stack.gantry("up", "-d");
    const before = idsOf(await stack.containers());
    await stack.gantry("stop");
    expect(statesOf(await stack.containers())).toEqual({ "db-1": "exited", "web-1": "exited" });
    await stack.gantry("start");
    expect(statesOf(await stack.containers())).toEqual({ "db-1": "running", "web-1": "running" });
    expect((await stack.gantry("restart", "-t", "0", "web")).exitCode).toBe(0);
    expect(idsOf(await stack.containers())).toEqual(before);
  });
});
