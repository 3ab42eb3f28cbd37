import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import type { ProjectModel, Service } from "../compose/model.ts";
import { openBatcher } from "./batcher.ts";
import type { WatchWarning } from "./event.ts";
import { observeFiles } from "./observe-files.ts";
import { operationsFor, type Work, workOf } from "./operations.ts";
import { leadsToRules, readTree, rootsOf, type Tree } from "./read-tree.ts";
import type { WatchRecord } from "./record.ts";
import { makeRules, type Rule } from "./rules.ts";
import { below, type Change, type Node } from "./tree.ts";

export interface FoldersOptions {
  readonly project: ProjectModel;
  readonly services: readonly string[];
  /** Where the last look at the folders is kept. */
  readonly record: WatchRecord;
  readonly warn: (warning: WatchWarning) => void;
  readonly onWork: (works: ReadonlyMap<string, Work>) => void;
}

/** The watched folders of a project. */
export interface Folders {
  readonly rules: readonly Rule[];
  readonly polling: boolean;
  /** Hands over what changed since the last look of the record, the initial copies, and then each batch. */
  begin(): void;
  close(): Promise<void>;
}

/** A batch ends when it was quiet so long, or when it has lasted so long: milliseconds. */
const pace = { quiet: 20, most: 100 };
/** Of more notices at once the kernel may have dropped some: afterwards everything is looked at. */
const manyHints = 1000;

/** Reads a project's rules, begins to watch, and then takes the first look, so that nothing is missed in between. */
export async function openFolders({ project, services, record, warn, onWork }: FoldersOptions): Promise<Folders> {
  const { rules, warnings } = makeRules(project, services, { kindOf, dockerignoreOf });
  for (const warning of warnings) warn(warning);
  const roots = rootsOf(rules);
  let tree: Tree | undefined;
  let whole = new Set<string>();
  /** Every directory that there ever was. */
  const directories = new Set<string>();
  const told = new Set<string>();
  const warnOnce = (warning: WatchWarning) => {
    if (!told.has(warning.message)) warn(warning);
    told.add(warning.message);
  };

  const batcher = openBatcher<string>(pace, async (hints) => {
    if (tree === undefined) return;
    const deep = whole;
    whole = new Set();
    const changes = tree.look(hints, deep);
    onWork(workOf(changes, rules));
    observation?.renew(directoriesAgain(changes, directories));
    if (hints.size < manyHints) return;
    for (const root of roots) hint(root, true);
  });
  const hint = (file: string, isWhole: boolean) => {
    if (isWhole) whole.add(file);
    batcher.add(file);
  };

  const leads = (directory: string) => leadsToRules(directory, rules);
  const observation =
    roots.length === 0 ? undefined : await observeFiles({ roots, leads, onHint: hint, onWarning: warn });
  return {
    rules,
    get polling() {
      return observation?.polling === true;
    },
    begin: () => {
      const before = record.tree;
      tree = readTree(rules, warnOnce);
      record.tree = tree;
      for (const root of roots) noteDirectories(root, tree.find(root), directories);
      if (before !== undefined) onWork(workOf(before.lookAtAll(), rules));
      const initial = new Map<string, Work>();
      for (const rule of rules) {
        const root = rule.initialSync ? tree.find(rule.path) : undefined;
        if (root === undefined) continue;
        const before = initial.get(rule.service)?.operations ?? [];
        initial.set(rule.service, {
          operations: [...before, ...operationsFor(rule, root)],
          restart: false,
          exec: [],
        });
      }
      onWork(initial);
    },
    close: async () => {
      batcher.close();
      await observation?.close();
    },
  };
}

function noteDirectories(directory: string, node: Node | undefined, directories: Set<string>): void {
  if (node?.kind !== "directory") return;
  directories.add(directory);
  for (const [name, child] of node.children) noteDirectories(path.join(directory, name), child, directories);
}

/** The outermost directories that came where there was one before; those that are new are noted. */
function directoriesAgain(changes: readonly Change[], directories: Set<string>): readonly string[] {
  const came = changes.flatMap((change) => (change.op === "put" && change.kind === "directory" ? [change.path] : []));
  const again = came.filter((directory) => directories.has(directory));
  for (const directory of came) directories.add(directory);
  return again.filter(
    (directory) => !again.some((other) => other !== directory && below(other, directory) !== undefined),
  );
}

function kindOf(file: string): "file" | "directory" | undefined {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  return stats.isDirectory() ? "directory" : "file";
}

/** The Dockerfile's own list, else the context's. */
function dockerignoreOf({ build }: Service): string | undefined {
  if (build?.context === undefined || build.context.includes("://")) return undefined;
  const own = path.resolve(build.context, `${build.dockerfile ?? "Dockerfile"}.dockerignore`);
  return readText(own) ?? readText(path.join(build.context, ".dockerignore"));
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
