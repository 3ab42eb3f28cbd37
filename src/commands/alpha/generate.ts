import { basename, resolve } from "node:path";
import { normaliseProjectName } from "../../compose/project-name.ts";
import { toYaml } from "../../compose/render/yaml.ts";
import type { Answer } from "../answer.ts";
import { generateProject } from "../generate-project.ts";
import { openEngine } from "../session.ts";
import { Args, Flags, Verb } from "../verb.ts";

/** `gantry alpha generate`: a compose file of containers that exist, whoever made them. */
export default class Generate extends Verb {
  static override summary = "Write a compose file of containers that exist";
  static override args = {
    containers: Args.string({ multiple: true, description: "names or ids; none: all that run", ignoreStdin: true }),
  };
  static override flags = {
    format: Flags.option({ options: ["yaml", "json"] as const, default: "yaml", description: "how to print" })(),
    name: Flags.string({ helpValue: "<name>", description: "the project's name" }),
    "project-dir": Flags.string({ helpValue: "<path>", description: "the project's directory, which names it" }),
  };

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Generate);
    const engine = await openEngine(flags);
    const ids = args.containers ?? (await engine.containerList({})).map(({ Id }) => Id);
    const inspects = await Promise.all(ids.map((id) => engine.containerInspect({ id })));
    const images = new Map(
      await Promise.all(
        [...new Set(inspects.map(({ Image }) => Image))].map(
          async (name) => [name, await engine.imageInspect({ name }).catch(() => undefined)] as const,
        ),
      ),
    );
    const directory = flags["project-dir"];
    const name = flags.name ?? (directory && basename(resolve(directory)));
    const document = generateProject(inspects, images, name && normaliseProjectName(name));
    if (flags.json) return { data: { project: document } };
    process.stdout.write(flags.format === "json" ? `${JSON.stringify(document, null, 2)}\n` : toYaml(document));
    return 0;
  }
}
