import path from "node:path";
import type { Hook } from "../compose/model.ts";
import type { Rule } from "./rules.ts";
import { below, type Change, type Node } from "./tree.ts";

/** What is to be done to one path of a service's containers. */
export type Operation =
  | { readonly op: "put"; readonly source: string; readonly target: string }
  /** `whole`: a directory, with all that is in it. */
  | { readonly op: "delete"; readonly target: string; readonly whole: boolean };

/** What a batch of changes means for one service. */
export interface Work {
  readonly operations: readonly Operation[];
  /** The first path that calls for a rebuild. */
  readonly rebuild?: string;
  readonly restart: boolean;
  /** Commands to run once the files are there, each once. */
  readonly exec: readonly Hook[];
}

/** What a batch means, service by service. Services that it does not concern are left out. */
export function workOf(changes: readonly Change[], rules: readonly Rule[]): ReadonlyMap<string, Work> {
  const works = new Map<string, Work>();
  for (const rule of rules) {
    const paths = new Set<string>();
    const operations = changes.flatMap((change) => operationsOf(change, rule, (source) => paths.add(source)));
    const [first] = paths;
    if (first === undefined) continue;
    const before = works.get(rule.service) ?? { operations: [], restart: false, exec: [] };
    const exec = rule.exec === undefined || before.exec.includes(rule.exec) ? before.exec : [...before.exec, rule.exec];
    const rebuild = before.rebuild ?? (rule.action === "rebuild" ? first : undefined);
    works.set(rule.service, {
      operations: rule.target === undefined ? before.operations : [...before.operations, ...operations],
      restart: before.restart || rule.action === "restart" || rule.action === "sync+restart",
      exec,
      ...(rebuild !== undefined && { rebuild }),
    });
  }
  return works;
}

function operationsOf(change: Change, rule: Rule, touch: (source: string) => void): readonly Operation[] {
  return change.op === "put" ? putsOf(change.path, rule, touch) : deletionsOf(change.path, change.was, rule, touch);
}

function putsOf(source: string, rule: Rule, touch: (source: string) => void): readonly Operation[] {
  const target = targetOf(source, rule);
  if (target === undefined || !rule.filter.takes(source)) return [];
  touch(source);
  return [{ op: "put", source, target }];
}

/**
 * A directory goes as a whole where the rule is about all of it; of one that only holds what the rule is about, and of
 * the rule's own folder, what is in it goes.
 */
function deletionsOf(source: string, was: Node, rule: Rule, touch: (source: string) => void): readonly Operation[] {
  const target = targetOf(source, rule);
  if (target !== undefined && rule.filter.takes(source)) {
    touch(source);
    return [{ op: "delete", target, whole: was.kind === "directory" }];
  }
  const leadsToRule = below(source, rule.path) !== undefined;
  if (target === undefined && !leadsToRule && below(rule.path, source) === undefined) return [];
  return [...was.children].flatMap(([name, child]) => deletionsOf(path.join(source, name), child, rule, touch));
}

/** Where a path goes in the container; undefined for what is not the rule's, and for its own folder. */
function targetOf(source: string, rule: Rule): string | undefined {
  const inside = below(rule.path, source);
  if (inside === undefined || (inside === "" && !rule.isFile)) return undefined;
  return path.posix.join(rule.target ?? "/", inside);
}

/** Whether a rule still is about what was once written to a target, or removed there (no source). */
export function isAbout(rule: Rule, target: string, source: string | undefined): boolean {
  if (rule.target === undefined) return false;
  if (source === undefined) return below(rule.target, target) !== undefined;
  return targetOf(source, rule) === target && rule.filter.takes(source);
}

/** What makes a container equal to all that is known of a rule's folder. */
export function operationsFor(rule: Rule, root: Node): readonly Operation[] {
  const found: Operation[] = [];
  const visit = (source: string, node: Node) => {
    found.push(...putsOf(source, rule, () => {}));
    for (const [name, child] of node.children) visit(path.join(source, name), child);
  };
  visit(rule.path, root);
  return found;
}
