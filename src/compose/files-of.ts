import path from "node:path";
import type { Loaded } from "./load.ts";
import { child, type Node } from "./node.ts";

/**
 * The files that say what a loaded project is: its compose files, what they include and extend as far as anything of it is
 * in the model, and env files, `.env` too where there is none yet. Absolute paths, each once.
 */
export function filesOf({ project, tree }: Pick<Loaded, "project" | "tree">): readonly string[] {
  const env = project.env_files.length > 0 ? project.env_files : [path.join(project.working_dir, ".env")];
  const found = new Set([...project.compose_files, ...env]);
  addSources(tree, found);
  const services = child(tree, "services");
  if (services?.kind === "mapping") {
    for (const { value } of services.entries.values()) {
      for (const list of ["env_file", "label_file"]) addPaths(child(value, list), project.working_dir, found);
    }
  }
  return [...found].filter((file) => path.isAbsolute(file));
}

function addSources(node: Node, found: Set<string>): void {
  found.add(node.span.source.path);
  if (node.kind === "mapping") for (const { value } of node.entries.values()) addSources(value, found);
  if (node.kind === "sequence") for (const item of node.items) addSources(item, found);
}

function addPaths(list: Node | undefined, directory: string, found: Set<string>): void {
  for (const item of list?.kind === "sequence" ? list.items : []) {
    const file = child(item, "path") ?? item;
    if (file.kind === "scalar") found.add(path.resolve(directory, file.text));
  }
}
