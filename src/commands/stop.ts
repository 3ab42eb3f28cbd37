import { planStop } from "../reconcile/lifecycle.ts";
import { perform } from "./carry-out.ts";
import { timeoutFlag } from "./planning-flags.ts";
import { openSession } from "./session.ts";
import { serviceArgs, Verb } from "./verb.ts";

/** `gantry stop`: stops containers and keeps them. */
export default class Stop extends Verb {
  static override summary = "Stop containers";
  static override args = serviceArgs;
  static override flags = { timeout: timeoutFlag() };

  async run(): Promise<number> {
    const { flags, args } = await this.parse(Stop);
    const session = await openSession(flags, args.services);
    const planned = planStop(session.model, await session.observe(), {
      services: args.services ?? [],
      ...(flags.timeout !== undefined && { timeout: flags.timeout }),
    });
    await perform(session, planned, flags);
    return 0;
  }
}
