import { UsageError } from "../errors.ts";
import { openOutput } from "../ui/output.ts";
import type { LogQuery } from "./container-output.ts";
import { openLogWriter } from "./open-log-writer.ts";
import { findProject } from "./project.ts";
import { openEngine } from "./session.ts";
import { followLogs, printLogs } from "./show-logs.ts";
import { parseTime } from "./time-flag.ts";
import { Flags, serviceArgs, Verb } from "./verb.ts";

/** `gantry logs`: what the project's containers have written, in the order of time. */
export default class Logs extends Verb {
  static override summary = "Show the containers' output";
  static override args = serviceArgs;
  static override flags = {
    follow: Flags.boolean({ char: "f", description: "go on until the containers have stopped" }),
    index: Flags.integer({ min: 1, helpValue: "<n>", description: "only the service's container of this number" }),
    "no-color": Flags.boolean({ description: "no colours" }),
    "no-log-prefix": Flags.boolean({ description: "no names in front of the lines" }),
    since: Flags.string({ helpValue: "<time>", description: "from this time on: 42m, 2026-11-24T05:00:00Z" }),
    tail: Flags.string({ char: "n", helpValue: "<n>", description: "the last lines of each container only; all" }),
    timestamps: Flags.boolean({ char: "t", description: "with the engine's times" }),
    until: Flags.string({ helpValue: "<time>", description: "up to this time" }),
  };

  async run(): Promise<number> {
    const { flags, args } = await this.parse(Logs);
    const now = Date.now();
    const query: LogQuery = {
      tail: parseTail(flags.tail ?? "all"),
      stamped: flags.timestamps === true || flags.json === true,
      ...(flags.since !== undefined && { since: parseTime("since", flags.since, now) }),
      ...(flags.until !== undefined && { until: parseTime("until", flags.until, now) }),
    };
    const services = args.services ?? [];
    const [engine, { name: project }] = await Promise.all([openEngine(flags), findProject(flags, services)]);
    const output = openOutput({ stdout: process.stdout, stderr: process.stdout });
    const writer = openLogWriter(flags, output.write);
    const show = flags.follow ? followLogs : printLogs;
    await show(engine, { project, services, ...(flags.index !== undefined && { index: flags.index }) }, query, writer);
    output.flush();
    return 0;
  }
}

function parseTail(text: string): string {
  if (text === "all" || text === "-1") return "all";
  if (/^\d+$/.test(text)) return text;
  throw new UsageError(`--tail "${text}" is not a number of lines`, { hint: "a number, or all" });
}
