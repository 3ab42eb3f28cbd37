import { writeFile } from "node:fs/promises";
import type { LoadOptions } from "../compose/load.ts";
import type { ProjectModel } from "../compose/model.ts";
import { child } from "../compose/node.ts";
import { toYaml } from "../compose/render/yaml.ts";
import { type RenderOptions, renderJson, renderTreeJson, renderTreeYaml, renderYaml } from "../compose/render.ts";
import { pruneResources, select } from "../compose/select.ts";
import { exitCodes, GantryError, UsageError } from "../errors.ts";
import type { Answer } from "./answer.ts";
import { type ConfigList, configLists } from "./config-lists.ts";
import type { Globals } from "./global-flags.ts";
import { loadAll, loadWritten } from "./project.ts";
import { Flags, serviceArgs, Verb } from "./verb.ts";

/** `gantry config`: checks the files and prints what they mean. Asks no engine, except for digests. */
export default class Config extends Verb {
  static override summary = "Check the files and print what they mean";
  static override args = serviceArgs;
  // With --output, --format is the form of the file.
  static override forText = [];
  static override flags = {
    format: Flags.option({ options: ["yaml", "json", "table"] as const, description: "how to print" })(),
    diagnostics: Flags.boolean({
      description: "print what is wrong with the files, with --format json as data for editors and CI",
    }),
    environment: Flags.boolean({ description: "print the variables that the files see" }),
    hash: Flags.string({
      helpValue: "<services>",
      description: "print the hashes of services, by which containers are known as up to date; * is all",
    }),
    images: Flags.boolean({ description: "print the names of the images" }),
    "lock-image-digests": Flags.boolean({ description: "print an override file that fixes every image's digest" }),
    models: Flags.boolean({ description: "print the names of the models" }),
    networks: Flags.boolean({ description: "print the names of the networks" }),
    profiles: Flags.boolean({ description: "print the names of the profiles" }),
    services: Flags.boolean({ description: "print the names of the services, dependencies first" }),
    variables: Flags.boolean({ description: "print the variables that the files use, and their defaults" }),
    volumes: Flags.boolean({ description: "print the names of the volumes" }),
    "no-consistency": Flags.boolean({ description: "skip the rules across services" }),
    "no-env-resolution": Flags.boolean({ description: "leave env_file as it is" }),
    "no-interpolate": Flags.boolean({ description: "leave variables as they are: the whole document, undecoded" }),
    "no-normalize": Flags.boolean({ description: "leave out defaults" }),
    "no-path-resolution": Flags.boolean({ description: "leave relative paths as they are" }),
    output: Flags.string({ char: "o", helpValue: "<file>", description: "write to a file" }),
    quiet: Flags.boolean({ char: "q", description: "check only, print nothing" }),
    "resolve-image-digests": Flags.boolean({ description: "print images with the digests that their tags have now" }),
  };

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Config);
    if (flags.format === "table" && flags.variables !== true) {
      throw new UsageError("--format table is for --variables only; the project is printed as yaml or json");
    }
    if (flags.json && flags.format !== undefined && flags.output === undefined) {
      throw new UsageError("--json and --format contradict each other", { hint: "both say how the answer looks" });
    }
    const services = args.services ?? [];
    const options = {
      services,
      normalise: flags["no-normalize"] !== true,
      resolvePaths: flags["no-path-resolution"] !== true,
    };
    const { exitCode = exitCodes.ok, text, data } = await answerTo(flags, options);
    const isShown = flags.quiet !== true && (!flags.json || flags.output !== undefined);
    if (isShown) await write(flags.output, text());
    if (flags.quiet) return { exitCode, data: {} };
    return { exitCode, data: flags.output === undefined ? data() : { file: flags.output } };
  }
}

/** What is asked for, as text and as data: only one of them is made. */
interface Found {
  readonly exitCode?: number;
  readonly text: () => string;
  readonly data: () => object;
}

async function answerTo(flags: Wish, options: Partial<LoadOptions>): Promise<Found> {
  const isRaw = flags["no-interpolate"] === true;
  if (flags.diagnostics) {
    const { describeFindings } = await import("./config-findings.ts");
    return describeFindings(flags, { ...options, interpolate: !isRaw }, flags.format === "json");
  }
  const list = lists.find((name) => flags[name] === true);
  if (isRaw && (flags["lock-image-digests"] || flags["resolve-image-digests"])) {
    throw new UsageError("an image with a variable in its name has no digest: leave --no-interpolate out");
  }
  // Lists of what only the model knows are made of the model, variables and all.
  const needsModel = (list !== undefined && list !== "services") || flags.hash !== undefined;
  if (flags.variables === true || (isRaw && !needsModel)) return describeWritten(list, flags, options);
  return describe(list, flags, {
    ...options,
    interpolate: !isRaw,
    checkConsistency: flags["no-consistency"] !== true && !isRaw,
    resolveEnvironment: flags["no-env-resolution"] !== true && list === undefined,
  });
}

const lists = ["services", "volumes", "networks", "models", "images", "profiles", "environment"] as const;

type Wish = Globals & {
  readonly [Name in ConfigList]?: boolean;
} & {
  readonly diagnostics?: boolean;
  readonly format?: "yaml" | "json" | "table" | undefined;
  readonly hash?: string | undefined;
  readonly variables?: boolean;
  readonly "no-consistency"?: boolean;
  readonly "no-env-resolution"?: boolean;
  readonly "no-interpolate"?: boolean;
  readonly "no-normalize"?: boolean;
  readonly "lock-image-digests"?: boolean;
  readonly "resolve-image-digests"?: boolean;
};

/** A list, hashes, or the whole project. */
async function describe(list: ConfigList | undefined, flags: Wish, options: Partial<LoadOptions>): Promise<Found> {
  const loaded = await loadAll(flags, options);
  const chosen = select(loaded.project, options.services ?? [], { dependencies: true });
  const project = flags["all-resources"] ? chosen : pruneResources(chosen);
  if (list !== undefined) return listed(list, configLists[list](project));
  if (flags.hash !== undefined && flags.hash !== "") {
    const { hashesOf } = await import("./config-hashes.ts");
    const hashes = await hashesOf(project, flags.hash);
    return {
      text: () => hashes.map(([service, hash]) => `${service} ${hash}\n`).join(""),
      data: () => ({ hashes: Object.fromEntries(hashes) }),
    };
  }
  const isNamed = (section: string, key: string) =>
    child(child(child(loaded.tree, section), key), "name") !== undefined;
  if (!flags["lock-image-digests"] && !flags["resolve-image-digests"]) return whole(project, flags, { isNamed });
  const { imagesOnly, pinImages } = await import("./image-digests.ts");
  const pinned = await pinImages(project, flags);
  if (!flags["lock-image-digests"]) return whole(pinned, flags, { isNamed });
  const document = imagesOnly(pinned);
  return inForm(document, flags, () => toYaml(document));
}

/** The same of the document as it is written, with its variables: the variables, a list, or all of it. */
async function describeWritten(
  list: ConfigList | undefined,
  flags: Wish,
  options: Partial<LoadOptions>,
): Promise<Found> {
  const { tree, name } = await loadWritten(flags, { ...options, interpolate: false, resolveEnvironment: false });
  if (flags.variables) {
    const { variablesIn } = await import("../compose/variables.ts");
    const { renderVariables } = await import("./config-variables.ts");
    const variables = variablesIn(tree);
    return { text: () => renderVariables(variables, flags.format ?? "table"), data: () => ({ variables }) };
  }
  if (list === "services") {
    const services = child(tree, "services");
    return listed(list, services?.kind === "mapping" ? [...services.entries.keys()].sort() : []);
  }
  if (options.services?.length) process.stderr.write("--no-interpolate prints every service: the names are ignored\n");
  const shownName = flags["no-normalize"] ? undefined : name;
  return inForm(renderTreeJson(tree, shownName), flags, () => renderTreeYaml(tree, shownName));
}

function whole(project: ProjectModel, flags: Wish, options: RenderOptions): Found {
  const json = () => renderJson(project, options);
  return {
    text: () => (flags.format === "json" ? jsonText(json()) : renderYaml(project, options)),
    data: () => ({ project: json() }),
  };
}

function inForm(document: unknown, { format }: Wish, yaml: () => string): Found {
  return { text: () => (format === "json" ? jsonText(document) : yaml()), data: () => ({ project: document }) };
}

function listed(list: ConfigList, lines: readonly string[]): Found {
  return { text: () => lines.map((line) => `${line}\n`).join(""), data: () => ({ [list]: lines }) };
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

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
