import { type Diagnostic, ProjectError } from "../errors.ts";
import { checkProject } from "./check.ts";
import { problem } from "./codes.ts";
import { decode } from "./decode.ts";
import { doubtsOf } from "./doubts.ts";
import { effort } from "./effort.ts";
import { resolveEnvFiles } from "./env-files.ts";
import { type Findings, findings } from "./findings.ts";
import { findInputs, type InputFlags, type Inputs } from "./inputs.ts";
import { loadModel } from "./load-model.ts";
import type { ProjectModel } from "./model.ts";
import { type Locate, locateIn, type MappingNode } from "./node.ts";
import { normalise } from "./normalise.ts";
import { findProjectName } from "./project-name.ts";
import { fileReader, makeStage } from "./read-files.ts";
import { remoteLocator } from "./remote.ts";
import { applyProfiles, enableServices } from "./select.ts";

export interface LoadOptions extends InputFlags {
  readonly projectName?: string;
  /** The project is a copy of this name beside the first: its name is the first's, `-` and this. */
  readonly copy?: string;
  readonly profiles?: readonly string[];
  /** Services named on the command line: their profiles are active too. */
  readonly services?: readonly string[];
  /** Told the project's name, which is known before most of the work is done; loading goes on when it resolves. */
  readonly named?: (name: string) => Promise<void>;
  /** Reads standard input, for the file `-`. */
  readonly readStdin?: () => Promise<string>;
  /** Each of these stages can be left out (`config --no-interpolate` and so on). */
  readonly interpolate?: boolean;
  readonly normalise?: boolean;
  readonly resolvePaths?: boolean;
  readonly checkConsistency?: boolean;
  readonly resolveEnvironment?: boolean;
}

export interface Loaded {
  readonly project: ProjectModel;
  readonly warnings: readonly Diagnostic[];
  /** Where an attribute of the model was written. */
  readonly locate: Locate;
  /** The whole document from which the model was decoded. */
  readonly tree: MappingNode;
}

/**
 * Loads a Compose project: reads its files, interpolates, includes, extends, merges, validates, decodes and checks them, in
 * docker compose's order. Services that are not enabled are in `disabled_services`; a choice of services and unused
 * resources are select.ts's business.
 *
 * @throws ProjectError with every finding of the run, ordered by file and place; also when there is no compose file, or a
 * name given by the user is not valid
 */
export async function load(options: LoadOptions): Promise<Loaded> {
  return understand(await readModel(options), options);
}

/** A whole document that was not decoded: what can be said of a project whose variables stand as they are. */
export interface LoadedDocument {
  /** The project's name. */
  readonly name: string;
  readonly tree: MappingNode;
  readonly warnings: readonly Diagnostic[];
}

/** Loads the document only, every service of it: what `load` does before it decodes, with the same errors. */
export async function loadDocument(options: LoadOptions): Promise<LoadedDocument> {
  const { model, name, inputs, found } = await readModel(options);
  found.throwIfAny();
  const tree = options.normalise === false ? model : normalise(model, name, inputs.environment);
  return { name, tree, warnings: found.sorted() };
}

/** What was read: the files laid over each other, and what was found in them so far. */
interface Read {
  readonly model: MappingNode;
  readonly name: string;
  readonly inputs: Inputs;
  readonly found: Findings;
}

async function readModel(options: LoadOptions): Promise<Read> {
  const locateRemote = remoteLocator(options.fetchRemote);
  const inputs = await findInputs(options, locateRemote);
  const found = findings(inputs.files);
  for (const diagnostic of inputs.diagnostics) found.add(diagnostic);
  const reader = fileReader(options.readStdin);
  const read = await Promise.all(inputs.files.map(reader));
  const documents = read.flatMap((file) => file.documents);
  const firstName = findProjectName(options.projectName, documents, inputs.environment, inputs.nameDirectory);
  const name = options.copy === undefined || firstName === "" ? firstName : `${firstName}-${options.copy}`;
  if (name !== "") await options.named?.(name);
  const environment = new Map([...inputs.environment, ["COMPOSE_PROJECT_NAME", name] as const]);
  const stage = makeStage({
    projectDirectory: inputs.projectDirectory,
    environment,
    interpolates: options.interpolate !== false,
    resolvesPaths: options.resolvePaths !== false,
    resolvesEnvironment: options.resolveEnvironment !== false,
    report: found.add,
    explain: found.explain,
    effort: effort(found.add),
    includeTrail: inputs.files,
    reader,
    locateRemote,
  });
  const model = await loadModel(
    inputs.files.map((path) => ({ path })),
    stage,
  );
  const empty = emptiness(model, name, inputs.files);
  if (empty !== undefined && found.errors().length === 0) found.add(empty);
  if (model === undefined || empty !== undefined) throw new ProjectError(found.sorted());
  return { model, name, inputs: { ...inputs, environment }, found };
}

/** Decodes and checks a whole document, also one with errors: what only follows from them is not told. */
async function understand({ model, name, inputs, found }: Read, options: LoadOptions): Promise<Loaded> {
  const doubts = () => {
    const known = doubtsOf(model, found.errors());
    if (known === undefined) throw new ProjectError(found.sorted());
    return known;
  };
  const { environment } = inputs;
  const unsound = doubts();
  const tree = options.normalise === false ? model : normalise(model, name, environment);
  const decoded = decode(tree, {
    name,
    working_dir: inputs.projectDirectory,
    compose_files: inputs.files,
    env_files: inputs.envFiles,
    environment,
  });
  for (const diagnostic of decoded.diagnostics) if (!unsound.repeats(diagnostic)) found.add(diagnostic);
  const locate = locateIn(tree);
  const profiles = activeProfiles(options, environment);
  const enabled = enableServices(applyProfiles(decoded.project, profiles), options.services ?? []);
  if (options.checkConsistency !== false) {
    const undecoded = doubts();
    for (const diagnostic of checkProject(enabled, locate)) if (!undecoded.explains(diagnostic)) found.add(diagnostic);
  }
  if (options.resolveEnvironment === false) {
    found.throwIfAny();
    return { project: enabled, warnings: found.sorted(), locate, tree };
  }
  const unchecked = doubts();
  const resolved = await resolveEnvFiles(enabled, locate);
  for (const diagnostic of resolved.diagnostics) if (!unchecked.repeats(diagnostic)) found.add(diagnostic);
  found.throwIfAny();
  return { project: resolved.project, warnings: found.sorted(), locate, tree };
}

/** What is wrong with a project in which nothing is declared, or that has no name. */
function emptiness(model: MappingNode | undefined, name: string, files: readonly string[]): Diagnostic | undefined {
  if (model === undefined || model.entries.size === 0) {
    return problem("empty-project", "empty compose file", undefined, `nothing is declared in ${files.join(", ")}`);
  }
  if (name !== "") return undefined;
  return problem("invalid-name", "project name must not be empty", undefined, "give one with -p, or with `name:`");
}

/** --profile, else COMPOSE_PROFILES. */
function activeProfiles(options: LoadOptions, environment: ReadonlyMap<string, string>): readonly string[] {
  if (options.profiles !== undefined && options.profiles.length > 0) return options.profiles;
  const listed = environment.get("COMPOSE_PROFILES")?.split(",") ?? [];
  return listed.map((profile) => profile.trim()).filter((profile) => profile !== "");
}
