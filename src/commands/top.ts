import { labels } from "../reconcile/labels.ts";
import { alignColumns } from "../ui/table.ts";
import type { Answer } from "./answer.ts";
import { listContainers } from "./list-containers.ts";
import { findProject } from "./project.ts";
import { openEngine } from "./session.ts";
import { serviceArgs, Verb } from "./verb.ts";

interface ProcessList {
  readonly service: string;
  /** The container's number within its service; empty for one of `run`. */
  readonly number: string;
  readonly container: string;
  readonly titles: readonly string[];
  readonly processes: readonly (readonly string[])[];
}

/** `gantry top`: the processes of the project's containers. */
export default class Top extends Verb {
  static override summary = "Show the containers' processes";
  static override args = serviceArgs;

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Top);
    const services = args.services ?? [];
    const [engine, { name }] = await Promise.all([openEngine(flags), findProject(flags, services)]);
    const containers = await listContainers(engine, name, { all: false, oneOffs: true, services });
    const lists = await Promise.all(
      containers.map(async ({ Id: id, Labels }): Promise<ProcessList> => {
        const { Titles: titles, Processes: processes } = await engine.containerTop({ id });
        return {
          service: Labels[labels.service] ?? "",
          number: Labels[labels.number] ?? "",
          container: id,
          titles,
          processes,
        };
      }),
    );
    if (!flags.json) process.stdout.write(processTable(lists));
    return { data: { processes: processesOf(lists) } };
  }
}

/** One table for all containers; a column that an engine does not tell of a container is `-`. */
export function processTable(lists: readonly ProcessList[]): string {
  if (lists.length === 0) return "";
  const titles = [...new Set(lists.flatMap((list) => list.titles))];
  const rows = lists.flatMap(({ service, number, titles: own, processes }) =>
    processes.map((cells) => [service, number, ...titles.map((title) => cells[own.indexOf(title)] ?? "-")]),
  );
  return alignColumns([["SERVICE", "#", ...titles], ...rows], { least: 4, gap: 2 });
}

/** The processes as data. */
function processesOf(lists: readonly ProcessList[]): readonly object[] {
  return lists.flatMap(({ service, number, container, titles, processes }) =>
    processes.map((cells) => ({
      service,
      number: Number(number) || null,
      container,
      process: Object.fromEntries(titles.map((title, i) => [title, cells[i] ?? ""])),
    })),
  );
}
