import { GantryError } from "../errors.ts";
import { nameOf } from "../reconcile/containers.ts";
import { type Answer, dryRun, refuseBytes } from "./answer.ts";
import { type CopyOptions, copyFrom, copyText, copyTo } from "./copy-files.ts";
import { type CopyRequest, readCopy } from "./copy-place.ts";
import { listContainers } from "./list-containers.ts";
import { findContainer, indexFlag } from "./one-container.ts";
import { findProject } from "./project.ts";
import { openProgressFor } from "./screen.ts";
import { openEngine } from "./session.ts";
import { Args, Flags, Verb } from "./verb.ts";

/** `gantry cp`: copies files into a service's containers, or out of one of them. */
export default class Cp extends Verb {
  static override summary = "Copy files to and from containers";
  static override description =
    "One of SOURCE and TARGET is SERVICE:PATH, the other a path here, or - for a tar at standard input or output.";
  static override args = {
    source: Args.string({ required: true, description: "what is copied", ignoreStdin: true }),
    target: Args.string({ required: true, description: "where it goes", ignoreStdin: true }),
  };
  static override flags = {
    all: Flags.boolean({ description: "the containers of run too" }),
    archive: Flags.boolean({ char: "a", description: "keep owners" }),
    "follow-link": Flags.boolean({ char: "L", description: "copy what a symbolic link at SOURCE points to" }),
    index: indexFlag(),
  };

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Cp);
    const request = readCopy(args.source, args.target);
    const { direction, source, target } = request;
    if (flags.json) refuseBytes(target === "-");
    const [engine, project] = await Promise.all([openEngine(flags), findProject(flags, [request.service])]);
    const containers = await this.containersFor(engine, project.name, request, flags);
    const copies = containers.map((container): [string, CopyOptions] => [
      nameOf(container),
      {
        id: container.Id,
        source,
        target,
        followLink: flags["follow-link"] === true,
        archive: flags.archive === true,
      },
    ]);
    if (flags["dry-run"]) {
      return dryRun(
        copies.map(([name, copy]) => `copy ${copyText(name, copy, direction)}`),
        flags,
      );
    }
    const progress = await openProgressFor(flags, { lines: true });
    const run = async ([name, copy]: [string, CopyOptions]) => {
      const id = `Container ${name}`;
      const details = copyText(name, copy, direction);
      progress.say({ id, state: "Working", text: "Copying", details });
      await (direction === "to" ? copyTo : copyFrom)(engine, copy);
      progress.say({ id, state: "Done", text: "Copied", details });
    };
    await Promise.all(copies.map(run));
    return { data: { copies: copies.map(([container, { id }]) => ({ container, id, direction, source, target })) } };
  }

  /** To a service: all its containers, or the one of `--index`; from it: one. A tar can be read once only. */
  private async containersFor(
    engine: Awaited<ReturnType<typeof openEngine>>,
    project: string,
    { service, direction, source }: CopyRequest,
    { all, index }: { readonly all?: boolean; readonly index?: number | undefined },
  ) {
    if (index) return [await findContainer(engine, project, { service, index, all: true })];
    const found = await listContainers(engine, project, { all: true, oneOffs: all === true, services: [service] });
    if (found.length === 0) {
      throw new GantryError(`no container found for service "${service}"`, { hint: "create it with `gantry up`" });
    }
    if (source === "-" && found.length > 1) {
      throw new GantryError(`service "${service}" has ${found.length} containers, and standard input is one`, {
        hint: "name one of them with --index",
      });
    }
    return direction === "from" ? found.slice(0, 1) : found;
  }
}
