import { mkdir } from "node:fs/promises";
import path from "node:path";
import { renderYaml } from "../../compose/render.ts";
import type { Engine } from "../../engine/api.ts";
import { packFiles } from "../../engine/build-context.ts";
import { GantryError } from "../../errors.ts";
import { type Answer, dryRun } from "../answer.ts";
import { beforeExit } from "../before-exit.ts";
import { copyFrom, copyTo } from "../copy-files.ts";
import { loadProject } from "../project.ts";
import { openEngine } from "../session.ts";
import { Flags, several, Verb } from "../verb.ts";
import { defaultTransformation, ensureImage } from "./transformation.ts";

/**
 * `gantry bridge convert`: Kubernetes manifests, Helm charts and the like, made of the project by transformation images.
 * Such an image reads `/in/compose.yaml`, and `/templates`, and writes to `/out`; files go to and fro through the engine,
 * which may be on another machine.
 */
export default class Convert extends Verb {
  static override summary = "Turn the project into another model";
  static override flags = {
    output: Flags.string({ char: "o", default: "out", helpValue: "<path>", description: "where to write; out" }),
    templates: Flags.string({ helpValue: "<path>", description: "templates for the transformation" }),
    transformation: Flags.string({
      ...several,
      char: "t",
      helpValue: "<image>",
      description: `what transforms; ${defaultTransformation}`,
    }),
  };

  async run(): Promise<Answer> {
    const { flags } = await this.parse(Convert);
    const model = renderYaml(await loadProject(flags, { dependencies: true }));
    const images = flags.transformation ?? [defaultTransformation];
    if (flags["dry-run"]) {
      return dryRun(
        images.map((image) => `transform with ${image} to ${flags.output}`),
        flags,
      );
    }
    const engine = await openEngine(flags);
    for (const image of images) {
      await ensureImage(engine, image);
      await transform(engine, image, { model, output: path.resolve(flags.output), templates: flags.templates });
      process.stderr.write(` ${image}  Converted to ${flags.output}\n`);
    }
    return { data: { transformations: images, output: path.resolve(flags.output) } };
  }
}

interface Work {
  /** The project as YAML. */
  readonly model: string;
  /** Absolute. */
  readonly output: string;
  readonly templates: string | undefined;
}

async function transform(engine: Engine, image: string, { model, output, templates }: Work): Promise<void> {
  const making = engine.containerCreate({
    body: { Image: image, Env: ["LICENSE_AGREEMENT=true"], HostConfig: { NetworkMode: "none" } },
  });
  const remove = async () => engine.containerRemove({ id: (await making).Id, force: true, v: true });
  using _ = beforeExit(remove);
  const { Id: id } = await making;
  const copy = { id, followLink: false, archive: false };
  try {
    const file = { content: model, uid: 0, gid: 0, mode: 0o644 };
    const stream = packFiles([
      { path: "/in/compose.yaml", ...file },
      { path: "/out/.keep", ...file, content: "" },
    ]);
    await engine.containerArchivePut({ id, path: "/", stream });
    if (templates !== undefined) await copyTo(engine, { ...copy, source: templates, target: "/templates" });
    await engine.containerStart({ id });
    const { StatusCode: code } = await engine.containerWait({ id });
    if (code !== 0) throw new GantryError(`${image} exited with code ${code}`, { hint: await lastWords(engine, id) });
    await mkdir(output, { recursive: true });
    await copyFrom(engine, { ...copy, source: "/out/.", target: output });
  } finally {
    await remove();
  }
}

async function lastWords(engine: Engine, id: string): Promise<string> {
  const chunks: Buffer[] = [];
  const log = await engine.containerLogs({ id, tty: false, stdout: true, stderr: true, tail: "20" });
  for await (const { data } of log) chunks.push(data);
  return Buffer.concat(chunks).toString("utf8").trimEnd();
}
