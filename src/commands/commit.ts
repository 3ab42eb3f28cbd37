import { nameOf } from "../reconcile/containers.ts";
import { type Answer, dryRun } from "./answer.ts";
import { commitArgs, commitFlags } from "./commit-options.ts";
import { findContainer, indexFlag } from "./one-container.ts";
import { findProject } from "./project.ts";
import { openProgressFor } from "./screen.ts";
import { openEngine } from "./session.ts";
import { Args, Verb } from "./verb.ts";

/** `gantry commit`: an image of what a container's root file system holds now. */
export default class Commit extends Verb {
  static override summary = "Make an image of a container";
  static override args = {
    service: Args.string({ required: true, description: "the service", ignoreStdin: true }),
    image: Args.string({ description: "the image's name: repository or repository:tag", ignoreStdin: true }),
  };
  static override flags = {
    ...commitFlags,
    index: indexFlag(),
  };

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Commit);
    const [engine, project] = await Promise.all([openEngine(flags), findProject(flags, [args.service])]);
    const found = await findContainer(engine, project.name, { service: args.service, index: flags.index, all: true });
    const id = `Container ${nameOf(found)}`;
    if (flags["dry-run"]) {
      return dryRun(`commit ${nameOf(found)}${args.image === undefined ? "" : ` as ${args.image}`}`, flags);
    }
    const progress = await openProgressFor(flags, { lines: true });
    progress.say({ id, state: "Working", text: "Committing" });
    const { Id } = await engine.containerCommit(commitArgs(found.Id, args.image, flags));
    progress.say({ id, state: "Done", text: `Committed as ${Id}` });
    return { data: { container: nameOf(found), id: found.Id, image: Id } };
  }
}
