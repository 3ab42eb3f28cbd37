import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { type Loaded, type LoadOptions, load } from "../../src/compose/load.ts";
import type { ProjectModel } from "../../src/compose/model.ts";
import { renderTreeYaml, renderYaml } from "../../src/compose/render.ts";
import { pruneResources, select } from "../../src/compose/select.ts";
import { type Diagnostic, ProjectError } from "../../src/errors.ts";
import { renderDiagnostics } from "../../src/ui/diagnostics.ts";

/**
 * A golden case: its first line is a sentence about the behaviour, then come sections `-- name --`. A section is a file of
 * the project, but for these: `env` (the environment, a variable a line), `args` (the flags of `config`, words separated
 * by blanks), `directory` (where the user stands), `stdin`, `differs` (why docker compose 2.40 answers otherwise); and for what is expected: `warning`, and `model` (as `config`
 * prints it, without the default network and the project's usual name) or `error`. The sign ␀ stands for a NUL byte.
 */
export interface Case {
  readonly path: string;
  readonly title: string;
  readonly given: ReadonlyMap<string, string>;
  readonly expected: string;
}

const inputs = new Set(["env", "args", "directory", "stdin", "differs"]);
const outcome = /^-- (?:warning|model|error) --$/m;

/** The cases of a folder and the folders in it, by path. */
export function readCases(folder: string): readonly Case[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".txt"))
    .sort()
    .map((name) => readCase(join(folder, name)));
}

function readCase(path: string): Case {
  const text = readFileSync(path, "utf8");
  const end = outcome.exec(text)?.index ?? text.length;
  const [title = "", ...parts] = text.slice(0, end).split(/^-- (.+) --\n/m);
  const given = parts.flatMap((name, i) => (i % 2 === 0 ? [[name, parts[i + 1] ?? ""] as const] : []));
  return { path, title: title.trim(), given: new Map(given), expected: text.slice(end) };
}

/** Writes what a case expects. */
export function updateCase({ path, expected }: Case, actual: string): void {
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.slice(0, text.length - expected.length) + actual);
}

/** A case's project on disk: `use` gets its directory, which is gone afterwards. Answers call it /project. */
export async function withProject<T>(given: Case["given"], use: (directory: string) => Promise<T>): Promise<T> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "gantry-case-")));
  const directory = join(root, "project");
  mkdirSync(directory);
  try {
    for (const [name, text] of given) {
      if (inputs.has(name)) continue;
      const path = join(directory, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text.replaceAll("␀", "\0"));
    }
    return await use(directory);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** The environment of a case, as variables. */
export function environmentOf(given: Case["given"]): ReadonlyMap<string, string> {
  const lines = (given.get("env") ?? "").split("\n").filter((line) => line !== "");
  const pairs = lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)] as const);
  return new Map([["HOME", "/home/user"], ...pairs]);
}

/** What the loader answers for a case: the sections that the case expects. */
export function answer(given: Case["given"]): Promise<string> {
  return withProject(given, async (directory) => {
    const cwd = join(directory, (given.get("directory") ?? "").trim());
    const view = { style: (_: unknown, text: string) => text, directory: cwd };
    const section = (name: string, text: string) =>
      text === "" ? "" : `-- ${name} --\n${text.replaceAll(dirname(directory), "")}`;
    const show = (name: string, found: readonly Diagnostic[]) => section(name, renderDiagnostics(found, view));
    try {
      const { project, warnings, tree, interpolated } = await loadCase(given, cwd);
      const model = interpolated ? renderYaml(withoutUsual(project)) : renderTreeYaml(tree, project.name);
      return show("warning", warnings) + section("model", model.replace(/^name: project\n/, ""));
    } catch (error) {
      if (!(error instanceof ProjectError)) throw error;
      return show("error", error.diagnostics);
    }
  });
}

/** Loads a case's project as `config` does. */
export async function loadCase(
  given: Case["given"],
  cwd: string,
): Promise<Loaded & { readonly interpolated: boolean }> {
  const { values: flags, positionals: services } = parseArgs({
    args: (given.get("args") ?? "").split(/\s+/).filter((word) => word !== ""),
    allowPositionals: true,
    options: {
      file: { type: "string", short: "f", multiple: true },
      "env-file": { type: "string", multiple: true },
      profile: { type: "string", multiple: true },
      "project-name": { type: "string", short: "p" },
      "project-directory": { type: "string" },
      "no-interpolate": { type: "boolean" },
      "no-normalize": { type: "boolean" },
      "no-path-resolution": { type: "boolean" },
      "no-consistency": { type: "boolean" },
      "no-env-resolution": { type: "boolean" },
    },
  });
  const stdin = given.get("stdin");
  const options: LoadOptions = {
    cwd,
    environment: environmentOf(given),
    services,
    interpolate: flags["no-interpolate"] !== true,
    normalise: flags["no-normalize"] !== true,
    resolvePaths: flags["no-path-resolution"] !== true,
    checkConsistency: flags["no-consistency"] !== true,
    resolveEnvironment: flags["no-env-resolution"] !== true,
    ...(flags.file && { files: flags.file }),
    ...(flags["env-file"] && { envFiles: flags["env-file"] }),
    ...(flags.profile && { profiles: flags.profile }),
    ...(flags["project-name"] && { projectName: flags["project-name"] }),
    ...(flags["project-directory"] && { projectDirectory: flags["project-directory"] }),
    ...(stdin !== undefined && { readStdin: async () => stdin }),
  };
  const loaded = await load(options);
  const project = pruneResources(select(loaded.project, services, { dependencies: true }));
  return { ...loaded, project, interpolated: flags["no-interpolate"] !== true };
}

/** The project without the default network, where that is nothing special. */
function withoutUsual(project: ProjectModel): ProjectModel {
  const networks = new Map(project.networks);
  const usual = networks.get("default");
  if (usual?.name === `${project.name}_default` && Object.keys(usual).length === 2) networks.delete("default");
  const services = [...project.services].map(([name, service]) => {
    const { networks: joined, ...rest } = service;
    const isUsual = joined?.size === 1 && joined.get("default") === null;
    return [name, isUsual ? rest : service] as const;
  });
  return { ...project, networks, services: new Map(services) };
}
