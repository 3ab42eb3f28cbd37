import type { ContainerSummary, Engine } from "../engine/api.ts";
import { chooseEngine } from "../engine/choose.ts";
import { connect, type EngineClient } from "../engine/client.ts";
import type { Globals } from "./global-flags.ts";
import { processEnvironment } from "./process-environment.ts";

/**
 * The engine to use, asked for its API version already: while the files are read, the first answer is on its way. Errors
 * of that first question come with the first call.
 */
export async function openEngine({ engine }: Pick<Globals, "engine">): Promise<EngineClient> {
  const environment = processEnvironment();
  const client = connect(await chooseEngine({ ...(engine !== undefined && { engine }), environment }));
  client.apiVersion().catch(() => {});
  return client;
}

export interface ContainerQuery {
  readonly all: boolean;
  /** The containers of `run` too. */
  readonly oneOffs?: boolean;
  /** Only these services; none means all. */
  readonly services?: readonly string[];
}

/** The containers of a project, ordered by service and number. */
export async function listContainers(
  engine: Engine,
  project: string,
  { all, oneOffs, services = [] }: ContainerQuery,
): Promise<ContainerSummary[]> {
  const label = [
    `com.docker.compose.project=${project}`,
    "com.docker.compose.config-hash",
    ...(oneOffs === true ? [] : ["com.docker.compose.oneoff=False"]),
  ];
  const wanted = new Set(services);
  const containers = await engine.containerList({ all, filters: { label } });
  return containers
    .filter(({ Labels }) => wanted.size === 0 || wanted.has(Labels["com.docker.compose.service"] ?? ""))
    .toSorted((a, b) => byName.compare(nameOf(a), nameOf(b)));
}

const byName = new Intl.Collator("en", { numeric: true });

/** The container's name, without the slash that the engine puts in front. */
export function nameOf({ Names }: ContainerSummary): string {
  return (Names[0] ?? "").replace(/^\//, "");
}
