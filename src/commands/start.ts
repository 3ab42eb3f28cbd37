import { observe } from "../reconcile/observe.ts";
import { planStart } from "../reconcile/start.ts";
import type { Answer } from "./answer.ts";
import { finish } from "./carry-out.ts";
import { lockProject } from "./project-lock.ts";
import { modelOf, openSessionByName } from "./session.ts";
import { Flags, serviceArgs, Verb } from "./verb.ts";

/** `gantry start`: starts containers that exist; creates and changes none. */
export default class Start extends Verb {
  static override summary = "Start containers that exist";
  static override args = serviceArgs;
  static override flags = {
    wait: Flags.boolean({ description: "wait until they run or are healthy" }),
    "wait-timeout": Flags.integer({
      min: 0,
      dependsOn: ["wait"],
      helpValue: "<s>",
      description: "wait so long at most",
    }),
  };

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Start);
    const session = await openSessionByName(flags, args.services);
    await using _ = await lockProject(session, "start");
    const planned = planStart(modelOf(session), await observe(session.engine, session.name, modelOf(session)), {
      services: args.services ?? [],
      wait: flags.wait === true,
      ...(flags["wait-timeout"] && { waitTimeout: flags["wait-timeout"] * 1000 }),
    });
    return await finish(session, planned, flags);
  }
}
