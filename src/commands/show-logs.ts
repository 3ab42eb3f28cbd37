import type { Engine } from "../engine/api.ts";
import { GantryError } from "../errors.ts";
import { nameOf } from "../reconcile/containers.ts";
import { labels } from "../reconcile/labels.ts";
import type { LogWriter } from "../ui/log-writer.ts";
import { mergeByTime } from "../ui/merge.ts";
import { type LogQuery, openLog } from "./container-output.ts";
import { type Followed, follow, mostWaiting } from "./follow.ts";
import { listContainers } from "./list-containers.ts";
import { drained } from "./screen.ts";

export interface LogSelection {
  readonly project: string;
  /** None means all. */
  readonly services: readonly string[];
  /** Only the container of this number. */
  readonly index?: number;
}

/** Writes what the engine has kept of the containers' output, all containers in one order of time. */
export async function printLogs(
  engine: Engine,
  selection: LogSelection,
  query: LogQuery,
  writer: LogWriter,
): Promise<void> {
  const containers = await listFollowed(engine, selection);
  for (const { name } of containers) writer.add(name);
  // By their times they are put in order.
  const stamped = query.stamped !== false || containers.length > 1;
  const logs = containers.map((container) => openLog(engine, container, { ...query, stamped }));
  for await (const batch of mergeByTime(logs)) {
    for (const { name, stream, data, stamp } of batch) writer.data(name, stream, data, stamp);
    await drained(process.stdout, mostWaiting);
  }
  for (const { name } of containers) writer.end(name);
}

/** The same, and then what the containers write until the last of them has stopped, as it comes. */
export async function followLogs(
  engine: Engine,
  selection: LogSelection,
  query: LogQuery,
  writer: LogWriter,
): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  const { project } = selection;
  const nameOfStarted = (attributes: Readonly<Record<string, string>>) =>
    isWanted(attributes, selection) ? shortName(attributes.name ?? "", project) : undefined;
  try {
    const following = await follow({ engine, project, writer, nameOf: nameOfStarted, signal });
    for (const container of await listFollowed(engine, selection)) {
      following.add(container, openLog(engine, container, { ...query, follow: true }, signal), container.running);
    }
    following.seal();
    await following.ended;
  } finally {
    over.abort();
  }
}

/** `web-1` for `shop-web-1`; a name that was chosen by hand stays whole. */
export function shortName(name: string, project: string): string {
  return name.startsWith(`${project}-`) || name.startsWith(`${project}_`) ? name.slice(project.length + 1) : name;
}

async function listFollowed(engine: Engine, selection: LogSelection): Promise<(Followed & { running: boolean })[]> {
  const { project, services, index } = selection;
  const containers = await listContainers(engine, project, { all: true, services });
  const wanted = containers.filter(({ Labels }) => isWanted(Labels, selection));
  if (index !== undefined && wanted.length === 0) {
    throw new GantryError(
      `there is no container #${index}${services.length === 0 ? "" : ` of ${services.join(", ")}`}`,
    );
  }
  return wanted.map((container) => ({
    id: container.Id,
    name: shortName(nameOf(container), project),
    running: container.State === "running" || container.State === "restarting" || container.State === "paused",
  }));
}

function isWanted(own: Readonly<Record<string, string>>, { services, index }: LogSelection): boolean {
  if (services.length > 0 && !services.includes(own[labels.service] ?? "")) return false;
  return index === undefined || own[labels.number] === String(index);
}
