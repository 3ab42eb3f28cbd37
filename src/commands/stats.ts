import type { Answer } from "./answer.ts";
import { listContainers } from "./list-containers.ts";
import { findProject } from "./project.ts";
import { openEngine } from "./session.ts";
import { showStats, statsFlags } from "./show-stats.ts";
import { serviceArgs, Verb } from "./verb.ts";

/** `gantry stats`: what the project's containers use, until they have stopped. */
export default class Stats extends Verb {
  static override summary = "Show what containers use";
  static override args = serviceArgs;
  static override flags = statsFlags;

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Stats);
    const services = args.services ?? [];
    const [engine, { name }] = await Promise.all([openEngine(flags), findProject(flags, services)]);
    const containers = await listContainers(engine, name, { all: flags.all === true, services });
    return showStats(engine, containers, flags);
  }
}
