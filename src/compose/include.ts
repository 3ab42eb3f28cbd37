import { statSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { problem, warning } from "./codes.ts";
import { defaultEnvFile, fillIn, readEnvFiles } from "./environment.ts";
import { loadModel, type ModelFile } from "./load-model.ts";
import { merge } from "./merge.ts";
import { suggestion } from "./nearest.ts";
import { child, type Entry, type MappingNode, type Node, type Path } from "./node.ts";
import { applyResets } from "./reset.ts";
import { nearestFile } from "./source.ts";
import type { Stage } from "./stage.ts";

/** What an included model gives to the one that includes it; its name, extensions and version stay behind. */
const imported = ["services", "volumes", "networks", "secrets", "configs", "models"];

/**
 * Loads what a document includes, and lays the document over it. Each entry is a model of its own, with its own directory
 * and environment; of two that declare the same resource, the earlier is laid over the later.
 * Source: compose-spec 14-include.md; compose-go loader/include.go.
 */
export async function resolveIncludes(root: MappingNode, resets: readonly Path[], stage: Stage): Promise<MappingNode> {
  const include = child(root, "include");
  const own = without(root, "include");
  if (include === undefined || (include.kind === "scalar" && include.type === "null")) return own;
  if (include.kind !== "sequence") {
    stage.report(problem("wrong-type", "`include` must be a list", include.span, "write `include: [other.yaml]`"));
    return own;
  }
  let models: MappingNode | undefined;
  for (const entry of include.items) {
    const model = await loadInclude(entry, stage);
    if (model === undefined) continue;
    models = models === undefined ? model : combine(model, models, stage);
  }
  return models === undefined ? own : combine(applyResets(models, resets), own, stage);
}

function combine(base: MappingNode, override: MappingNode, stage: Stage): MappingNode {
  const merged = merge(base, override);
  for (const diagnostic of merged.diagnostics) stage.report(diagnostic);
  return merged.node;
}

async function loadInclude(entry: Node, stage: Stage): Promise<MappingNode | undefined> {
  if (entry.kind === "mapping") warnOfUnknown(entry, stage);
  const paths = textsOf(entry.kind === "mapping" ? child(entry, "path") : entry);
  const [main] = paths;
  if (main === undefined) {
    const hint = "write `- other.yaml` or `- path: other.yaml`";
    stage.report(problem("wrong-type", "an include needs a path", entry.span, hint));
    return undefined;
  }
  const from = (path: string) => (isAbsolute(path) ? path : join(stage.projectDirectory, path));
  const files: ModelFile[] = [];
  for (const { text, node } of paths) {
    const located = await stage.locate(text, node.span);
    const path = located === undefined ? from(text) : located.path;
    if (path === undefined) return undefined;
    files.push({ path, span: node.span });
  }
  const mainFile = files[0]?.path ?? from(main.text);
  if (stage.includeTrail.includes(mainFile)) {
    const [first, ...rest] = [...stage.includeTrail, mainFile];
    const message = `include cycle detected: ${first}${rest.map((path) => ` includes ${path}`).join("")}`;
    stage.report(problem("include-cycle", message, main.node.span, "remove one of these includes"));
    return undefined;
  }
  const given = textsOf(entry.kind === "mapping" ? child(entry, "project_directory") : undefined)[0];
  const directory = given === undefined || given.text === "" ? dirname(mainFile) : from(given.text);
  const environment = await includeEnvironment(entry, directory, from, stage);
  for (const { path, span } of files) stage.explain(path, { message: "included here", ...(span && { span }) });
  const model = await loadModel(files, stage.within(directory, environment, mainFile));
  if (model === undefined) return undefined;
  const entries = new Map<string, Entry>();
  for (const key of imported) {
    const section = model.entries.get(key);
    if (section !== undefined) entries.set(key, section);
  }
  return { ...model, entries };
}

/** docker compose ignores other attributes without a word, and so the wish of whoever misspelt one. */
function warnOfUnknown(entry: MappingNode, stage: Stage): void {
  const known = ["path", "project_directory", "env_file"];
  for (const [key, { keySpan }] of entry.entries) {
    if (known.includes(key)) continue;
    const message = `unknown attribute "${key}" in include, which is ignored`;
    stage.report(warning("unknown-attribute", message, keySpan, suggestion(key, known)));
  }
}

/** The including model's environment, and what the include's env files add to it. */
async function includeEnvironment(
  entry: Node,
  directory: string,
  from: (path: string) => string,
  stage: Stage,
): Promise<ReadonlyMap<string, string>> {
  const given = textsOf(entry.kind === "mapping" ? child(entry, "env_file") : undefined).filter(
    ({ text }) => text !== "",
  );
  const paths: string[] = [];
  for (const { text, node } of given) {
    const path = from(text);
    if (path === "/dev/null") continue;
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isFile()) paths.push(path);
    else {
      const message = stat === undefined ? `stat ${path}: no such file or directory` : `${path} is not a file`;
      stage.report(problem("missing-file", message, node.span, nearestFile(path)));
    }
  }
  if (given.length === 0) {
    const usual = defaultEnvFile(directory, stage.environment);
    if (usual !== undefined) paths.push(usual);
  }
  const read = await readEnvFiles(paths, stage.environment);
  for (const diagnostic of read.diagnostics) stage.report(diagnostic);
  return fillIn(stage.environment, read.entries);
}

/** A text, or a list of texts, with their places. */
function textsOf(node: Node | undefined): readonly { text: string; node: Node }[] {
  if (node === undefined) return [];
  const items = node.kind === "sequence" ? node.items : [node];
  return items.flatMap((item) =>
    item.kind === "scalar" && item.type === "string" ? [{ text: item.text, node: item }] : [],
  );
}

function without(node: MappingNode, key: string): MappingNode {
  if (!node.entries.has(key)) return node;
  const entries = new Map(node.entries);
  entries.delete(key);
  return { ...node, entries };
}
