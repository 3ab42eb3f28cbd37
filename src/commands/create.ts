import type { Answer } from "./answer.ts";
import { bringUpDetached } from "./bring-up-detached.ts";
import { planningFlags } from "./planning-flags.ts";
import { prepareUp } from "./rounds.ts";
import { openSession } from "./session.ts";
import { Flags, serviceArgs, Verb } from "./verb.ts";

/** `gantry create`: what `up --no-start` does. */
export default class Create extends Verb {
  static override summary = "Create containers, do not start them";
  static override args = serviceArgs;
  static override flags = {
    build: planningFlags.build,
    "force-recreate": planningFlags["force-recreate"],
    "no-build": planningFlags["no-build"],
    "no-recreate": planningFlags["no-recreate"],
    pull: Flags.option({
      options: ["always", "missing", "never", "build", "policy"] as const,
      description: "when to pull images",
    })(),
    "quiet-pull": Flags.boolean({ description: "show no progress of pulls" }),
    "remove-orphans": planningFlags["remove-orphans"],
    scale: planningFlags.scale,
    yes: Flags.boolean({ char: "y", aliases: ["y"], description: "answer every question with yes" }),
  };

  async run(): Promise<Answer> {
    const { flags: given, args } = await this.parse(Create);
    const { pull, build, ...others } = given;
    const flags = {
      ...others,
      "no-start": true,
      build: build === true || pull === "build",
      pull: pull === "build" ? undefined : pull,
    };
    const services = args.services ?? [];
    const request = await prepareUp(await openSession(flags, services), flags, services);
    return bringUpDetached(request, { verb: "create", flags, yes: flags.yes === true });
  }
}
