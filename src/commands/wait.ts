import type { ContainerSummary, Engine } from "../engine/api.ts";
import { GantryError, ProjectError } from "../errors.ts";
import { unknownServices } from "../reconcile/chosen.ts";
import { nameOf } from "../reconcile/containers.ts";
import { planDown } from "../reconcile/down.ts";
import { observe } from "../reconcile/observe.ts";
import { envelope } from "../ui/envelope.ts";
import type { Answer } from "./answer.ts";
import { finish } from "./carry-out.ts";
import { listContainers } from "./list-containers.ts";
import { modelOf, openSessionByName, type Session } from "./session.ts";
import { shortName } from "./show-logs.ts";
import { Args, Flags, Verb } from "./verb.ts";

interface Exit {
  /** Its name without the project's. */
  readonly container: string;
  readonly id: string;
  readonly exitCode: number;
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

  async run(): Promise<Answer> {
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
    const print = ({ container, id, exitCode }: Exit) =>
      process.stdout.write(
        flags.json
          ? envelope("exit", { container, id, exitCode, restarting: false })
          : `container "${id}" exited with status code ${exitCode}\n`,
      );
    const waits = containers.map((container) => exitOf(engine, name, container));
    if (flags["down-project"]) {
      const first = await Promise.race(waits);
      print(first);
      const taken = await takeDown(session, flags);
      return { exitCode: first.exitCode, data: { exits: [first], ...taken } };
    }
    const exits: Exit[] = [];
    await Promise.all(
      waits.map(async (exit) => {
        const done = await exit;
        exits.push(done);
        print(done);
      }),
    );
    return { exitCode: exits.at(-1)?.exitCode ?? 0, data: { exits } };
  }
}

async function exitOf(engine: Engine, project: string, container: ContainerSummary): Promise<Exit> {
  const { Id: id } = container;
  return {
    container: shortName(nameOf(container), project),
    id,
    exitCode: (await engine.containerWait({ id })).StatusCode,
  };
}

async function takeDown(session: Session, flags: Parameters<typeof finish>[2]) {
  const model = modelOf(session);
  const { data } = await finish(
    session,
    planDown(model, await observe(session.engine, session.name, model), {}),
    flags,
  );
  return data;
}
