import type { Engine } from "../engine/api.ts";
import { GantryError, ProjectError } from "../errors.ts";
import { unknownServices } from "../reconcile/chosen.ts";
import { planDown } from "../reconcile/down.ts";
import { observe } from "../reconcile/observe.ts";
import { finish } from "./carry-out.ts";
import { listContainers } from "./list-containers.ts";
import { modelOf, openSessionByName, type Session } from "./session.ts";
import { Args, Flags, Verb } from "./verb.ts";

interface Exit {
  readonly id: string;
  readonly code: number;
}

/** `gantry wait`: until containers stop; exits with the code of the last one, or of the first with --down-project. */
export default class Wait extends Verb {
  static override summary = "Wait until containers stop";
  static override args = {
    services: Args.string({ multiple: true, required: true, description: "the services", ignoreStdin: true }),
  };
  static override flags = {
    "down-project": Flags.boolean({ description: "take the project down as soon as the first stops" }),
  };

  async run(): Promise<number> {
    const { flags, args } = await this.parse(Wait);
    const session = await openSessionByName(flags, args.services);
    const { engine, name } = session;
    const containers = await listContainers(engine, name, { all: false, oneOffs: true, services: args.services });
    if (containers.length === 0) {
      const model = modelOf(session);
      const unknown = unknownServices(model, await observe(engine, name, model), args.services);
      if (unknown.length > 0) throw new ProjectError(unknown);
      throw new GantryError(`no running containers of ${args.services.join(", ")}`);
    }
    const print = ({ id, code }: Exit) =>
      process.stdout.write(
        flags.json ? `${JSON.stringify({ id, code })}\n` : `container "${id}" exited with status code ${code}\n`,
      );
    const exits = containers.map(({ Id: id }) => exitOf(engine, id));
    if (flags["down-project"]) {
      const first = await Promise.race(exits);
      print(first);
      await takeDown(session, flags);
      return first.code;
    }
    let last = 0;
    await Promise.all(
      exits.map(async (exit) => {
        const done = await exit;
        print(done);
        last = done.code;
      }),
    );
    return last;
  }
}

async function exitOf(engine: Engine, id: string): Promise<Exit> {
  return { id, code: (await engine.containerWait({ id })).StatusCode };
}

async function takeDown(session: Session, flags: Parameters<typeof finish>[2]): Promise<void> {
  const model = modelOf(session);
  await finish(session, planDown(model, await observe(session.engine, session.name, model), {}), flags);
}
