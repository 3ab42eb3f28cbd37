import type { ContainerState } from "../engine/api.ts";
import { UsageError } from "../errors.ts";
import { type ContainerRow, containerFields, containerRow } from "../ui/container-row.ts";
import type { Answer } from "./answer.ts";
import { listContainers } from "./list-containers.ts";
import { findProject } from "./project.ts";
import { formatRows } from "./row-format.ts";
import { openEngine } from "./session.ts";
import { Flags, serviceArgs, several, Verb } from "./verb.ts";

const states = ["created", "running", "paused", "restarting", "removing", "exited", "dead"] as const;

/** `gantry ps`: the project's containers. */
export default class Ps extends Verb {
  static override summary = "List the project's containers";
  static override args = serviceArgs;
  static override forText = ["format", "quiet", "services"];
  static override flags = {
    all: Flags.boolean({ char: "a", description: "stopped containers and one-off ones too" }),
    filter: Flags.string({ ...several, helpValue: "status=<state>", description: "only containers in this state" }),
    format: Flags.string({
      helpValue: "<form>",
      description: "table, table TEMPLATE, json, or a Go template such as {{.Name}}",
    }),
    "no-trunc": Flags.boolean({ description: "ids and commands in full" }),
    orphans: Flags.boolean({ allowNo: true, default: true, description: "containers too whose service is gone" }),
    quiet: Flags.boolean({ char: "q", description: "ids only" }),
    services: Flags.boolean({ description: "names of services only" }),
    status: Flags.option({ ...several, options: states, description: "only containers in this state" })(),
  };

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Ps);
    const wantedStates = new Set<ContainerState>([...(flags.status ?? []), ...(flags.filter ?? []).map(stateOfFilter)]);
    const [engine, project] = await Promise.all([openEngine(flags), findProject(flags, args.services)]);
    const all = flags.all === true || wantedStates.size > 0;
    const containers = await listContainers(engine, project.name, {
      all,
      oneOffs: flags.all === true,
      services: args.services ?? [],
    });
    const shown = containers
      .filter(({ State }) => wantedStates.size === 0 || wantedStates.has(State))
      .filter(({ Labels }) => flags.orphans || project.declares(Labels["com.docker.compose.service"]));
    const rows = shown.map((container) => containerRow(container, Date.now(), flags["no-trunc"] !== true));
    if (flags.json) return { data: { containers: rows } };
    if (flags.quiet) printLines(shown.map(({ Id }) => Id));
    else if (flags.services) printLines(new Set(shown.map(({ Labels }) => Labels["com.docker.compose.service"] ?? "")));
    else {
      const how = { columns, fields: containerFields, headings: { RunningFor: "CREATED" } };
      process.stdout.write(formatRows(rows, flags.format, how));
    }
    return 0;
  }
}

const columns = [
  { heading: "NAME", cell: ({ Name }: ContainerRow) => Name },
  { heading: "IMAGE", cell: ({ Image }: ContainerRow) => Image },
  { heading: "COMMAND", cell: ({ Command }: ContainerRow) => Command },
  { heading: "SERVICE", cell: ({ Service }: ContainerRow) => Service },
  { heading: "CREATED", cell: ({ RunningFor }: ContainerRow) => RunningFor },
  { heading: "STATUS", cell: ({ Status }: ContainerRow) => Status },
  { heading: "PORTS", cell: ({ Ports }: ContainerRow) => Ports },
];

function stateOfFilter(filter: string): ContainerState {
  const state = states.find((name) => filter === `status=${name}`);
  if (state !== undefined) return state;
  throw new UsageError(`unknown filter "${filter}"`, { hint: `the filter is status= with ${states.join(", ")}` });
}

function printLines(lines: Iterable<string>): void {
  process.stdout.write([...lines].map((line) => `${line}\n`).join(""));
}
