import type { ContainerSummary } from "../engine/api.ts";
import { UsageError } from "../errors.ts";
import { renderTable, wide } from "../ui/table.ts";
import type { Answer } from "./answer.ts";
import { openEngine } from "./session.ts";
import { Flags, several, Verb } from "./verb.ts";

/** `gantry ls`: the projects that the engine has containers of. Needs no compose file. */
export default class Ls extends Verb {
  static override summary = "List the engine's projects";
  static override forText = ["format", "quiet"];
  static override flags = {
    all: Flags.boolean({ char: "a", description: "stopped projects too" }),
    filter: Flags.string({ ...several, helpValue: "name=<regexp>", description: "only projects of this name" }),
    format: Flags.option({ options: ["table", "json"] as const, description: "how to print it" })(),
    quiet: Flags.boolean({ char: "q", description: "names only" }),
  };

  async run(): Promise<Answer> {
    const { flags } = await this.parse(Ls);
    const isWanted = nameFilter(flags.filter ?? []);
    const engine = await openEngine(flags);
    const filters = { label: ["com.docker.compose.project", "com.docker.compose.config-hash"] };
    const containers = await engine.containerList({ all: flags.all === true, filters });
    const projects = projectRows(containers).filter(({ Name }) => isWanted(Name));
    if (flags.json) return { data: { projects } };
    if (flags.quiet) for (const { Name } of projects) process.stdout.write(`${Name}\n`);
    else if (flags.format === "json") process.stdout.write(`${JSON.stringify(projects)}\n`);
    else process.stdout.write(renderTable(columns, projects, wide));
    return 0;
  }
}

export interface ProjectRow {
  readonly Name: string;
  /** `running(2), exited(1)`. */
  readonly Status: string;
  readonly ConfigFiles: string;
}

const columns = [
  { heading: "NAME", cell: ({ Name }: ProjectRow) => Name },
  { heading: "STATUS", cell: ({ Status }: ProjectRow) => Status },
  { heading: "CONFIG FILES", cell: ({ ConfigFiles }: ProjectRow) => ConfigFiles },
];

/** Containers grouped by their project's label, ordered by name. */
export function projectRows(containers: readonly ContainerSummary[]): ProjectRow[] {
  const groups = Map.groupBy(containers, ({ Labels }) => Labels["com.docker.compose.project"] ?? "");
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([Name, members]) => ({ Name, Status: statusText(members), ConfigFiles: filesText(members) }));
}

function statusText(containers: readonly ContainerSummary[]): string {
  const states = Map.groupBy(containers, ({ State }) => State);
  return [...states]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([state, members]) => `${state}(${members.length})`)
    .join(", ");
}

function filesText(containers: readonly ContainerSummary[]): string {
  const files = containers.flatMap(({ Labels }) => Labels["com.docker.compose.project.config_files"]?.split(",") ?? []);
  return [...new Set(files)].join(",");
}

function nameFilter(filters: readonly string[]): (name: string) => boolean {
  const patterns = filters.map((filter) => {
    if (!filter.startsWith("name="))
      throw new UsageError(`unknown filter "${filter}"`, { hint: "the filter is name=" });
    try {
      return new RegExp(filter.slice("name=".length));
    } catch {
      throw new UsageError(`filter "${filter}" is no regular expression`);
    }
  });
  return (name) => patterns.length === 0 || patterns.some((pattern) => pattern.test(name));
}
