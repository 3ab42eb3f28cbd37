import { observe } from "../reconcile/observe.ts";
import { planRestart } from "../reconcile/restart.ts";
import type { Answer } from "./answer.ts";
import { finish } from "./carry-out.ts";
import { timeoutFlag } from "./planning-flags.ts";
import { lockProject } from "./project-lock.ts";
import { modelOf, openSessionByName } from "./session.ts";
import { Flags, serviceArgs, Verb } from "./verb.ts";

/** `gantry restart`: restarts containers, and those whose `depends_on` says that they go along. */
export default class Restart extends Verb {
  static override summary = "Restart containers";
  static override args = serviceArgs;
  static override flags = {
    "no-deps": Flags.boolean({ description: "leave alone what depends on them" }),
    timeout: timeoutFlag(),
  };

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Restart);
    const session = await openSessionByName(flags, args.services);
    await using _ = await lockProject(session, "restart");
    const planned = planRestart(modelOf(session), await observe(session.engine, session.name, modelOf(session)), {
      services: args.services ?? [],
      noDeps: flags["no-deps"] === true,
      ...(flags.timeout !== undefined && { timeout: flags.timeout }),
    });
    return await finish(session, planned, flags);
  }
}
