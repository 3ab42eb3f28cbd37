import { nameOf } from "../reconcile/containers.ts";
import { type Answer, dryRun } from "./answer.ts";
import { attachContainer, refuseIdle } from "./attach-container.ts";
import { findContainer, indexFlag } from "./one-container.ts";
import { findProject } from "./project.ts";
import { openEngine } from "./session.ts";
import { Args, Flags, Verb } from "./verb.ts";

/** `gantry attach`: this terminal's streams become a running container's; exits with the container's code. */
export default class Attach extends Verb {
  static override summary = "Attach to a running container";
  static override args = {
    service: Args.string({ required: true, description: "the service", ignoreStdin: true }),
  };
  static override flags = {
    "detach-keys": Flags.string({
      helpValue: "<keys>",
      description: "keys that leave the container running: ctrl-p,ctrl-q",
    }),
    index: indexFlag(),
    "no-stdin": Flags.boolean({ description: "leave the container's input alone" }),
    "sig-proxy": Flags.boolean({ allowNo: true, default: true, description: "pass signals on to the container" }),
  };

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Attach);
    const [engine, project] = await Promise.all([openEngine(flags), findProject(flags, [args.service])]);
    const { service } = args;
    const found = await findContainer(engine, project.name, { service, index: flags.index });
    const inspect = await engine.containerInspect({ id: found.Id });
    refuseIdle(inspect);
    if (flags["dry-run"]) return dryRun(`attach to ${nameOf(found)}`, flags);
    return attachContainer(engine, inspect, flags);
  }
}
