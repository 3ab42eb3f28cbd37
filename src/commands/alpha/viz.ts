import type { Answer } from "../answer.ts";
import { dotOf } from "../dot.ts";
import { loadProject } from "../project.ts";
import { Flags, Verb } from "../verb.ts";

/** `gantry alpha viz`: the services and what they depend on, for Graphviz. `gantry graph` draws without Graphviz. */
export default class Viz extends Verb {
  static override summary = "Draw the services for Graphviz";
  static override flags = {
    image: Flags.boolean({ description: "with the images" }),
    "indentation-size": Flags.integer({ min: 0, default: 1, helpValue: "<n>", description: "tabs or spaces" }),
    networks: Flags.boolean({ description: "with the networks" }),
    ports: Flags.boolean({ description: "with the ports" }),
    spaces: Flags.boolean({ description: "indent with spaces, not with tabs" }),
  };

  async run(): Promise<Answer> {
    const { flags } = await this.parse(Viz);
    const project = await loadProject(flags, { dependencies: true });
    const text = dotOf(project, {
      image: flags.image === true,
      networks: flags.networks === true,
      ports: flags.ports === true,
      indent: (flags.spaces ? " " : "\t").repeat(flags["indentation-size"]),
    });
    if (!flags.json) process.stdout.write(`${text}\n`);
    return { data: { dot: text } };
  }
}
