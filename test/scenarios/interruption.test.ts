import { expect } from "vitest";
import type { ContainerSummary } from "../../src/engine/api.ts";
import { type Call, openEngineProxy } from "./engine-proxy.ts";
import { idle, image, onEveryEngine, type Stack, withStack } from "./harness.ts";

/** Two services with what takes more than one call: a file that is written into the container, an anonymous volume. */
const project = `
services:
  web:
    image: ${image}
    command: ${idle}
    stop_signal: SIGKILL
    environment: { COLOUR: blue }
    volumes: [/scratch]
    configs: [{ source: greeting, target: /greeting }]
    networks: [front, back]
    depends_on: { db: { condition: service_started, restart: true } }
  db:
    image: ${image}
    command: ${idle}
    stop_signal: SIGKILL
    volumes: [data:/data]
    networks: [back]
configs: { greeting: { content: hello } }
networks: { front: { labels: { tier: front } }, back: }
volumes: { data: }
`;

const alone = `
services:
  web:
    image: ${image}
    command: ${idle}
    stop_signal: SIGKILL
    volumes: [/scratch]
    networks: [front]
networks: { front: { labels: { tier: front } } }
`;

/**
 * When a run is killed: before each call that changes something, so that it never comes about, and after each, so that
 * its answer is lost. To be killed at a call that only reads is to be killed before the next one that does not.
 */
const moments = ["before", "after"] as const;
type Moment = (typeof moments)[number];

/** How many projects are under way at once. */
const lanes = 3;

onEveryEngine("calls to the engine", (scenario) => {
  const changes = [
    { title: "a first up", before: "", after: project, verb: ["up", "-d"] },
    {
      title: "an up that replaces containers",
      before: project,
      after: project.replace("blue", "green").replace("[data:/data]", "[data:/data, /tmpdata]"),
      verb: ["up", "-d"],
    },
    {
      title: "an up that makes a network anew",
      before: alone,
      after: alone.replace("tier: front", "tier: edge"),
      verb: ["up", "-d"],
    },
    { title: "a down", before: project, after: project, verb: ["down", "-v"] },
  ];
  const cases = changes.flatMap((change) => moments.map((moment) => ({ ...change, moment })));
  for (const { title, before, after, verb, moment } of cases) {
    scenario(
      `${title}, killed ${moment} any of them, comes to the same end when it is run again`,
      {},
      async ({ url }) => {
        const inStack = <T>(body: (stack: Stack, volumes: ReadonlySet<string>) => Promise<T>) =>
          withStack(url, { "compose.yaml": before }, async (stack) => {
            if (before !== "") expect(await stack.gantry("up", "-d")).toMatchObject({ exitCode: 0 });
            const volumes = new Set([...(await stack.containers()).values()].flatMap(volumesOf));
            stack.write({ "compose.yaml": after });
            return body(stack, volumes);
          });
        const { calls, wanted } = await inStack(async (stack, volumes) => {
          const seen: Call[] = [];
          const ran = await runWatched(stack, verb, (call, moment) => {
            if (moment === "before") seen.push(call);
          });
          expect(ran).toMatchObject({ exitCode: 0 });
          return { calls: seen.length, wanted: await stateOf(stack, volumes) };
        });
        const kills = Array.from({ length: calls }, (_, at) => at);
        const lane = async () => {
          for (let at = kills.shift(); at !== undefined; at = kills.shift()) {
            const call = at;
            await inStack(async (stack, volumes) => {
              const where = `killed ${moment} ${await runAndKill(stack, verb, moment, call)}`;
              const again = await stack.gantry(...verb);
              expect(again, `${where}: ${again.stderr}`).toMatchObject({ exitCode: 0 });
              expect(await stateOf(stack, volumes), where).toEqual(wanted);
            });
          }
        };
        await Promise.all(Array.from({ length: lanes }, lane));
      },
    );
  }
});

/** Runs gantry and kills it at one of the calls that change something, counted from 0; answers with that call. */
async function runAndKill(stack: Stack, verb: readonly string[], moment: Moment, at: number): Promise<string> {
  let killedAt: Call | undefined;
  let seen = 0;
  const { stderr } = await runWatched(stack, verb, (call, now, kill) => {
    if (now !== moment || killedAt !== undefined || seen++ < at) return;
    killedAt = call;
    kill();
  });
  if (killedAt === undefined) throw new Error(`gantry ended after ${seen} calls: ${stderr}`);
  return `${killedAt.method} ${killedAt.url}`;
}

/** Runs gantry through a proxy. `watch` is told of each call that changes something, before and after it, and may kill. */
async function runWatched(
  stack: Stack,
  verb: readonly string[],
  watch: (call: Call, moment: Moment, kill: () => void) => void,
): Promise<{ readonly exitCode?: number | undefined; readonly stderr: string }> {
  const proxy = await openEngineProxy(stack.url, (call, moment) => {
    let goesOn = true;
    if (call.changes) {
      watch(call, moment, () => {
        goesOn = !child.kill("SIGKILL");
      });
    }
    return goesOn;
  });
  const child = stack.start(verb, { DOCKER_HOST: proxy.url });
  const ran = await child;
  await proxy.settled();
  proxy.close();
  return ran;
}

/** What the engine holds of a project, in words that are the same for every project. */
async function stateOf({ engine, project, containers }: Stack, known: ReadonlySet<string>) {
  const filters = { label: [`com.docker.compose.project=${project}`] };
  const found = await containers();
  const [inspects, networks, volumes] = await Promise.all([
    Promise.all([...found.values()].map(({ Id: id }) => engine.containerInspect({ id }))),
    engine.networkList({ filters }),
    engine.volumeList({ filters }),
  ]);
  const plain = (name: string) =>
    name.replace(project, "P").replace(/^[0-9a-f]{64}$/, known.has(name) ? "kept" : "new");
  return {
    containers: Object.fromEntries(
      inspects.map(({ Name, State, Config, NetworkSettings, Mounts }) => [
        Name.slice(1).replace(project, "P"),
        {
          state: State.Status,
          environment: Config.Env?.toSorted(),
          networks: Object.keys(NetworkSettings.Networks ?? {})
            .map(plain)
            .toSorted(),
          mounts: Mounts.map(({ Name = "", Destination }) => `${plain(Name)}:${Destination}`).toSorted(),
        },
      ]),
    ),
    networks: networks.map(({ Name, Labels }) => `${plain(Name)} ${Labels?.tier ?? ""}`).toSorted(),
    volumes: (volumes.Volumes ?? []).map(({ Name }) => plain(Name)).toSorted(),
  };
}

function volumesOf({ Mounts }: ContainerSummary): string[] {
  return Mounts.flatMap(({ Name }) => Name ?? []);
}
