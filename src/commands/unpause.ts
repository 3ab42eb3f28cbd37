import { observe } from "../reconcile/observe.ts";
import { planPause } from "../reconcile/pause.ts";
import type { Answer } from "./answer.ts";
import { finish } from "./carry-out.ts";
import { modelOf, openSessionByName } from "./session.ts";
import { serviceArgs, Verb } from "./verb.ts";

/** `gantry unpause`: lets paused containers go on. */
export default class Unpause extends Verb {
  static override summary = "Unpause containers";
  static override args = serviceArgs;

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Unpause);
    const session = await openSessionByName(flags, args.services);
    const observed = await observe(session.engine, session.name, modelOf(session));
    const services = args.services ?? [];
    return await finish(session, planPause(modelOf(session), observed, { op: "unpause-container", services }), flags);
  }
}
