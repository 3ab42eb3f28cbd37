import { observe } from "../reconcile/observe.ts";
import { planStop } from "../reconcile/stop.ts";
import type { Answer } from "./answer.ts";
import { finish } from "./carry-out.ts";
import { timeoutFlag } from "./planning-flags.ts";
import { lockProject } from "./project-lock.ts";
import { modelOf, openSessionByName } from "./session.ts";
import { serviceArgs, Verb } from "./verb.ts";

/** `gantry stop`: stops containers and keeps them. */
export default class Stop extends Verb {
  static override summary = "Stop containers";
  static override args = serviceArgs;
  static override flags = { timeout: timeoutFlag() };

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Stop);
    const session = await openSessionByName(flags, args.services);
    await using _ = await lockProject(session, "stop");
    const planned = planStop(modelOf(session), await observe(session.engine, session.name, modelOf(session)), {
      services: args.services ?? [],
      ...(flags.timeout !== undefined && { timeout: flags.timeout }),
    });
    return await finish(session, planned, flags);
  }
}
