import { planRestart } from "../reconcile/lifecycle.ts";
import { perform } from "./carry-out.ts";
import { timeoutFlag } from "./planning-flags.ts";
import { openSession } from "./session.ts";
import { Flags, serviceArgs, Verb } from "./verb.ts";

/** `gantry restart`: restarts containers, and those whose `depends_on` says that they go along. */
export default class Restart extends Verb {
  static override summary = "Restart containers";
  static override args = serviceArgs;
  static override flags = {
    "no-deps": Flags.boolean({ description: "leave alone what depends on them" }),
    timeout: timeoutFlag(),
  };

  async run(): Promise<number> {
    const { flags, args } = await this.parse(Restart);
    const session = await openSession(flags, args.services);
    const planned = planRestart(session.model, await session.observe(), {
      services: args.services ?? [],
      noDeps: flags["no-deps"] === true,
      ...(flags.timeout !== undefined && { timeout: flags.timeout }),
    });
    await perform(session, planned, flags);
    return 0;
  }
}
