import { UsageError } from "../errors.ts";
import { nameOf } from "../reconcile/containers.ts";
import { type Answer, dryRun, refuseBytes } from "./answer.ts";
import { findContainer, indexFlag } from "./one-container.ts";
import { findProject } from "./project.ts";
import { openProgressFor } from "./screen.ts";
import { openEngine } from "./session.ts";
import { Args, Flags, Verb } from "./verb.ts";
import { writeFileFrom, writeTo } from "./write-stream.ts";

/** `gantry export`: a container's root file system as a tar. */
export default class Export extends Verb {
  static override summary = "Write a container's files as a tar";
  static override args = {
    service: Args.string({ required: true, description: "the service", ignoreStdin: true }),
  };
  static override flags = {
    index: indexFlag(),
    output: Flags.string({ char: "o", helpValue: "<file>", description: "write to this file, not to stdout" }),
  };

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Export);
    const { output } = flags;
    if (flags.json) refuseBytes(output === undefined);
    if (output === undefined && process.stdout.isTTY) {
      throw new UsageError("a tar is not written to a terminal", { hint: "name a file with --output, or redirect" });
    }
    const [engine, project] = await Promise.all([openEngine(flags), findProject(flags, [args.service])]);
    const found = await findContainer(engine, project.name, { service: args.service, index: flags.index, all: true });
    const id = `Container ${nameOf(found)}`;
    if (flags["dry-run"]) {
      return dryRun(`export ${nameOf(found)} to ${output ?? "stdout"}`, flags);
    }
    const progress = await openProgressFor(flags, { lines: true });
    progress.say({ id, state: "Working", text: "Exporting" });
    const tar = await engine.containerExport({ id: found.Id });
    if (output === undefined) await writeTo(process.stdout, tar);
    else await writeFileFrom(output, tar);
    progress.say({ id, state: "Done", text: "Exported" });
    return { data: { container: nameOf(found), id: found.Id, ...(output !== undefined && { file: output }) } };
  }
}
