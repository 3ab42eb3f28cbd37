import path from "node:path";
import type { Hook, ProjectModel, Service, WatchRule } from "../compose/model.ts";
import type { WatchWarning } from "./event.ts";
import { type Filter, makeFilter } from "./filter.ts";
import { below } from "./tree.ts";

/** One entry of `develop.watch`, ready to be asked about paths. */
export interface Rule {
  readonly service: string;
  readonly action: WatchRule["action"];
  /** Absolute. */
  readonly path: string;
  /** Whether `path` is one file, or was none when the rules were made. */
  readonly isFile: boolean;
  /** Absolute path in the container; absent for what copies nothing. */
  readonly target?: string;
  readonly exec?: Hook;
  readonly initialSync: boolean;
  readonly filter: Filter;
}

/** What must be known of the disk to make rules. */
export interface RuleFacts {
  /** What a watched path is; undefined: nothing is there. */
  readonly kindOf: (path: string) => "file" | "directory" | undefined;
  /** The text that says what a service's build leaves out. */
  readonly dockerignoreOf: (service: Service) => string | undefined;
}

export interface Rules {
  readonly rules: readonly Rule[];
  readonly warnings: readonly WatchWarning[];
}

/**
 * The rules of a project's services, those of `services` only where there are any. What cannot work is left out with a
 * warning: a folder that the container sees by itself (a bind mount), a target that is not absolute. A path that is missing
 * is waited for.
 */
export function makeRules(project: ProjectModel, services: readonly string[], facts: RuleFacts): Rules {
  const rules: Rule[] = [];
  const warnings: WatchWarning[] = [];
  for (const service of project.services.values()) {
    if (services.length > 0 && !services.includes(service.name)) continue;
    for (const written of service.develop?.watch ?? []) {
      const rule = makeRule(project, service, written, facts);
      if ("message" in rule) warnings.push(rule);
      else {
        rules.push(rule);
        warnings.push(...doubtsAbout(project, rule, facts));
      }
    }
  }
  return { rules, warnings };
}

function makeRule(project: ProjectModel, service: Service, rule: WatchRule, facts: RuleFacts): Rule | WatchWarning {
  const at = { service: service.name, path: rule.path };
  const from = path.resolve(project.working_dir, rule.path);
  const copies = copiesFiles(rule.action);
  if (copies && isBindMounted(service, from)) {
    const message = `${from} is bind-mounted into "${service.name}" already, so it is not watched`;
    return { ...at, message, hint: "remove the volume, or the rule" };
  }
  if (copies && rule.target === undefined) {
    return { ...at, message: `the rule for ${from} has no target, so it is not watched`, hint: "add one" };
  }
  if (rule.action === "rebuild" && service.build === undefined) {
    const message = `"${service.name}" has no build section, so ${from} is not watched for a rebuild`;
    return { ...at, message, hint: "add a build section, or sync" };
  }
  if (rule.target !== undefined && copies && !rule.target.startsWith("/")) {
    const message = `the target ${rule.target} is not absolute, so ${from} is not watched`;
    return { ...at, message, hint: `write /${rule.target}, or the whole path in the container` };
  }
  const isFile = facts.kindOf(from) !== "directory";
  const dockerignore = facts.dockerignoreOf(service);
  return {
    service: service.name,
    action: rule.action,
    path: from,
    isFile,
    initialSync: rule.initial_sync === true && copies,
    ...(rule.target !== undefined && copies && { target: targetOf(rule.target, from, isFile) }),
    ...(rule.exec !== undefined && rule.action === "sync+exec" && { exec: rule.exec }),
    filter: makeFilter({
      base: from,
      ignore: rule.ignore ?? [],
      ...(rule.include !== undefined && { include: rule.include }),
      ...(dockerignore !== undefined &&
        service.build?.context !== undefined && {
          dockerignore: { context: path.resolve(service.build.context), text: dockerignore },
        }),
    }),
  };
}

export function copiesFiles(action: WatchRule["action"]): boolean {
  return action === "sync" || action === "sync+restart" || action === "sync+exec";
}

/** A single file goes into a target that ends with a slash, and else becomes it. */
function targetOf(target: string, from: string, isFile: boolean): string {
  const clean = path.posix.resolve("/", target);
  return isFile && target.endsWith("/") ? path.posix.join(clean, path.basename(from)) : clean;
}

function isBindMounted({ volumes = [] }: Service, from: string): boolean {
  return volumes.some(
    ({ type, source }) => type === "bind" && source !== undefined && below(source, from) !== undefined,
  );
}

function doubtsAbout(project: ProjectModel, { service, path: from }: Rule, facts: RuleFacts): readonly WatchWarning[] {
  const at = { service, path: from };
  if (facts.kindOf(from) === undefined) {
    return [{ ...at, message: `${from} does not exist`, hint: "it is watched as soon as it is there" }];
  }
  if (below(project.working_dir, from) !== undefined) return [];
  return [{ ...at, message: `${from} is outside of the project`, hint: `the project is ${project.working_dir}` }];
}
