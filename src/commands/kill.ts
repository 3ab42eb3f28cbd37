import { planKill } from "../reconcile/kill.ts";
import { observe } from "../reconcile/observe.ts";
import type { Answer } from "./answer.ts";
import { finish } from "./carry-out.ts";
import { isTrue } from "./screen.ts";
import { modelOf, openSessionByName } from "./session.ts";
import { Flags, serviceArgs, Verb } from "./verb.ts";

/** `gantry kill`: sends a signal to running containers, those of `run` too. */
export default class Kill extends Verb {
  static override summary = "Send a signal to containers";
  static override args = serviceArgs;
  static override flags = {
    "remove-orphans": Flags.boolean({ description: "containers too whose service is gone" }),
    signal: Flags.string({ char: "s", helpValue: "<signal>", description: "another one than SIGKILL" }),
  };

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Kill);
    const session = await openSessionByName(flags, args.services);
    const planned = planKill(modelOf(session), await observe(session.engine, session.name, modelOf(session)), {
      services: args.services ?? [],
      oneOffs: true,
      orphans: flags["remove-orphans"] ?? isTrue(session.environment.get("COMPOSE_REMOVE_ORPHANS")),
      ...(flags.signal !== undefined && { signal: flags.signal }),
    });
    if (planned.plan.steps.length === 0 && planned.errors.length === 0) process.stderr.write("no container to kill\n");
    return await finish(session, planned, flags);
  }
}
