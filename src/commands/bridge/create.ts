import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { GantryError } from "../../errors.ts";
import { type Answer, dryRun } from "../answer.ts";
import { beforeExit } from "../before-exit.ts";
import { copyFrom } from "../copy-files.ts";
import { openEngine } from "../session.ts";
import { Args, Flags, Verb } from "../verb.ts";
import { defaultTransformation, ensureImage } from "./transformation.ts";

/** `gantry bridge transformations create PATH`: a directory from which a transformation of one's own can be built. */
export default class Create extends Verb {
  static override summary = "Begin a transformation of your own";
  static override args = {
    path: Args.string({ required: true, description: "the directory to make", ignoreStdin: true }),
  };
  static override flags = {
    from: Flags.string({
      char: "f",
      default: defaultTransformation,
      helpValue: "<image>",
      description: `the transformation to begin with; ${defaultTransformation}`,
    }),
  };

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Create);
    const target = path.resolve(args.path);
    const there = await readdir(target).catch(() => []);
    if (there.length > 0) throw new GantryError(`${args.path} is there, and not empty`, { hint: "name another path" });
    if (flags["dry-run"]) return dryRun(`create ${args.path} from ${flags.from}`, flags);
    const engine = await openEngine(flags);
    await ensureImage(engine, flags.from);
    const making = engine.containerCreate({ body: { Image: flags.from } });
    const remove = async () => engine.containerRemove({ id: (await making).Id, force: true, v: true });
    using _ = beforeExit(async () => {
      await remove();
      await rm(path.join(target, "templates"), { recursive: true, force: true });
    });
    const { Id: id } = await making;
    try {
      await mkdir(path.join(target, "templates"), { recursive: true });
      const source = "/templates/.";
      await copyFrom(engine, { id, source, target: path.join(target, "templates"), followLink: false, archive: false });
    } finally {
      await remove();
    }
    const lines = [`FROM ${flags.from}`, "LABEL com.docker.compose.bridge=transformation", "COPY templates /templates"];
    await writeFile(path.join(target, "Dockerfile"), `${lines.join("\n")}\n`);
    process.stderr.write(`Transformation made in ${args.path}: build it with docker build or gantry build\n`);
    return { data: { path: target, from: flags.from } };
  }
}
