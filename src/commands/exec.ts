import { nameOf } from "../reconcile/containers.ts";
import { type Answer, dryRun } from "./answer.ts";
import { execCommand } from "./exec-command.ts";
import { findContainer, indexFlag } from "./one-container.ts";
import { findProject } from "./project.ts";
import { openEngine } from "./session.ts";
import { terminalFlags } from "./terminal-flags.ts";
import { Args, Flags, several, Verb } from "./verb.ts";

/** `gantry exec`: runs a command in a running container; exits with the command's code. */
export default class Exec extends Verb {
  static override summary = "Run a command in a running container";
  static override takesCommand = true;
  static override args = {
    service: Args.string({ required: true, description: "the service", ignoreStdin: true }),
    command: Args.string({ required: true, multiple: true, description: "the command's words", ignoreStdin: true }),
  };
  static override flags = {
    detach: Flags.boolean({ char: "d", description: "leave the command in the background" }),
    env: Flags.string({ ...several, char: "e", helpValue: "<name=value>", description: "set a variable" }),
    index: indexFlag(),
    ...terminalFlags,
    privileged: Flags.boolean({ description: "give the command extended privileges" }),
    user: Flags.string({ char: "u", helpValue: "<user>", description: "run as this user" }),
    workdir: Flags.string({ char: "w", helpValue: "<path>", description: "directory in the container" }),
  };

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Exec);
    const [engine, project] = await Promise.all([openEngine(flags), findProject(flags, [args.service])]);
    const found = await findContainer(engine, project.name, { service: args.service, index: flags.index });
    if (flags["dry-run"]) return dryRun(`exec ${nameOf(found)}: ${args.command.join(" ")}`, flags);
    return execCommand(engine, { id: found.Id, name: nameOf(found) }, args.command, flags);
  }
}
