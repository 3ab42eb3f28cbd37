import { planDown } from "../reconcile/down.ts";
import { observe } from "../reconcile/observe.ts";
import type { Answer } from "./answer.ts";
import { finish } from "./carry-out.ts";
import { timeoutFlag } from "./planning-flags.ts";
import { lockProject } from "./project-lock.ts";
import { isTrue } from "./screen.ts";
import { modelOf, openSessionByName } from "./session.ts";
import { Flags, serviceArgs, Verb } from "./verb.ts";

/** `gantry down`: stops and removes what `up` made. */
export default class Down extends Verb {
  static override summary = "Take the project down: stop and remove";
  static override args = serviceArgs;
  static override flags = {
    "remove-orphans": Flags.boolean({ description: "containers too whose service is gone" }),
    rmi: Flags.option({ options: ["all", "local"] as const, description: "images too; local: those without a name" })(),
    timeout: timeoutFlag(),
    volumes: Flags.boolean({
      char: "v",
      aliases: ["volume"],
      description: "volumes too: the declared ones and the anonymous ones",
    }),
  };

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Down);
    const session = await openSessionByName(flags, args.services);
    await using _ = await lockProject(session, "down");
    const observed = await observe(session.engine, session.name, modelOf(session));
    const planned = planDown(modelOf(session), observed, {
      services: args.services ?? [],
      volumes: flags.volumes === true,
      removeOrphans: flags["remove-orphans"] ?? isTrue(session.environment.get("COMPOSE_REMOVE_ORPHANS")),
      ...(flags.rmi !== undefined && { rmi: flags.rmi }),
      ...(flags.timeout !== undefined && { timeout: flags.timeout }),
    });
    if (planned.errors.length === 0 && planned.plan.steps.length === 0) {
      process.stderr.write(`nothing to remove: project "${session.name}" has no containers and no networks\n`);
    }
    return await finish(session, planned, flags);
  }
}
