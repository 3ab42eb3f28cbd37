import { observe } from "../reconcile/observe.ts";
import { planRemove } from "../reconcile/remove.ts";
import type { Answer } from "./answer.ts";
import { askYes, canAsk } from "./ask.ts";
import { finish, settled } from "./carry-out.ts";
import { lockProject } from "./project-lock.ts";
import { modelOf, openSessionByName } from "./session.ts";
import { Flags, serviceArgs, Verb } from "./verb.ts";

const unchanged = { data: { changes: [] } };

/** `gantry rm`: removes containers that do not run. */
export default class Rm extends Verb {
  static override summary = "Remove stopped containers";
  static override args = serviceArgs;
  static override flags = {
    // docker compose has it without effect: every container that does not run is meant anyway.
    all: Flags.boolean({ char: "a", hidden: true }),
    force: Flags.boolean({ char: "f", description: "do not ask" }),
    stop: Flags.boolean({ char: "s", description: "running ones too: stop them first" }),
    volumes: Flags.boolean({ char: "v", description: "their anonymous volumes too" }),
  };

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Rm);
    const session = await openSessionByName(flags, args.services);
    await using _ = await lockProject(session, "rm");
    const planned = planRemove(modelOf(session), await observe(session.engine, session.name, modelOf(session)), {
      services: args.services ?? [],
      stop: flags.stop === true,
      volumes: flags.volumes === true,
    });
    const plan = settled(planned, flags);
    if (flags["dry-run"]) return finish(session, planned, flags);
    if (plan.steps.length === 0) {
      process.stderr.write("No stopped containers\n");
      return unchanged;
    }
    const names = new Set(plan.steps.map(({ subject }) => subject.name));
    const question = `Going to remove ${[...names].join(", ")}`;
    (flags.json ? process.stderr : process.stdout).write(`${question}\n`);
    if (!flags.force && !canAsk()) {
      process.stderr.write("nothing is removed: there is no terminal to ask, and no --force\n");
      return unchanged;
    }
    return flags.force || (await askYes("Are you sure?")) ? await finish(session, planned, flags) : unchanged;
  }
}
