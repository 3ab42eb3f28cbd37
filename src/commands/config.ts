import { writeFile } from "node:fs/promises";
import { renderJson, renderYaml } from "../compose/render.ts";
import { pruneResources, select } from "../compose/select.ts";
import { GantryError } from "../errors.ts";
import { type ConfigList, configLists } from "./config-lists.ts";
import { loadAll } from "./project.ts";
import { Flags, serviceArgs, Verb } from "./verb.ts";

/** `gantry config`: checks the files and prints what they mean. Asks no engine. */
export default class Config extends Verb {
  static override summary = "Check the files and print what they mean";
  static override args = serviceArgs;
  static override flags = {
    format: Flags.option({ options: ["yaml", "json"] as const, description: "how to print the project" })(),
    environment: Flags.boolean({ description: "print the variables that the files see" }),
    images: Flags.boolean({ description: "print the names of the images" }),
    networks: Flags.boolean({ description: "print the names of the networks" }),
    profiles: Flags.boolean({ description: "print the names of the profiles" }),
    services: Flags.boolean({ description: "print the names of the services" }),
    volumes: Flags.boolean({ description: "print the names of the volumes" }),
    "no-consistency": Flags.boolean({ description: "skip the rules across services" }),
    "no-env-resolution": Flags.boolean({ description: "leave env_file as it is" }),
    "no-interpolate": Flags.boolean({ description: "leave variables as they are" }),
    "no-normalize": Flags.boolean({ description: "leave out defaults" }),
    "no-path-resolution": Flags.boolean({ description: "leave relative paths as they are" }),
    output: Flags.string({ char: "o", helpValue: "<file>", description: "write to a file" }),
    quiet: Flags.boolean({ char: "q", description: "check only, print nothing" }),
  };

  async run(): Promise<number> {
    const { flags, args } = await this.parse(Config);
    const services = args.services ?? [];
    const { project } = await loadAll(flags, {
      services,
      interpolate: flags["no-interpolate"] !== true,
      normalise: flags["no-normalize"] !== true,
      resolvePaths: flags["no-path-resolution"] !== true,
      checkConsistency: flags["no-consistency"] !== true,
      resolveEnvironment: flags["no-env-resolution"] !== true,
    });
    const chosen = select(project, services, { dependencies: true });
    const model = flags["all-resources"] ? chosen : pruneResources(chosen);
    if (flags.quiet) return 0;
    const list = lists.find((name) => flags[name] === true);
    const json = flags.format === "json" || (flags.json === true && flags.format === undefined);
    // What was not interpolated is in the form that interpolation reads already.
    const rendering = { escape: flags["no-interpolate"] !== true };
    if (list !== undefined)
      await write(
        flags.output,
        configLists[list](model)
          .map((line) => `${line}\n`)
          .join(""),
      );
    else if (json) await write(flags.output, `${JSON.stringify(renderJson(model, rendering), null, 2)}\n`);
    else await write(flags.output, renderYaml(model, rendering));
    return 0;
  }
}

const lists: readonly ConfigList[] = ["services", "volumes", "networks", "images", "profiles", "environment"];

async function write(path: string | undefined, text: string): Promise<void> {
  if (path === undefined) {
    process.stdout.write(text);
    return;
  }
  try {
    await writeFile(path, text);
  } catch (error) {
    throw new GantryError(`${path} cannot be written: ${error instanceof Error ? error.message : error}`);
  }
}
