/** A golden case of the planners: what is given, read and ready to be planned. */

import { parse } from "yaml";
import type { ProjectModel } from "../../src/compose/model.ts";
import { applyProfiles, enableServices, pruneResources, select } from "../../src/compose/select.ts";
import type { Span } from "../../src/errors.ts";
import { planDown } from "../../src/reconcile/down.ts";
import { planBuild, planImages, planPull, planPush } from "../../src/reconcile/images.ts";
import { planKill } from "../../src/reconcile/kill.ts";
import { planPause } from "../../src/reconcile/pause.ts";
import type { Observed, Planned } from "../../src/reconcile/plan.ts";
import { planRemove } from "../../src/reconcile/remove.ts";
import { planRestart } from "../../src/reconcile/restart.ts";
import { planStart } from "../../src/reconcile/start.ts";
import { planStop } from "../../src/reconcile/stop.ts";
import { planUp } from "../../src/reconcile/up.ts";
import type { OneOff, UpOptions } from "../../src/reconcile/up-options.ts";
import { asSeen, worldFrom } from "./observed.ts";
import { projectOf } from "./project.ts";

/** What a case says beside the files; everything may be left out. Other keys are the planner's own options. */
export interface CaseOptions {
  readonly verb?:
    | "up"
    | "images"
    | "build"
    | "pull"
    | "down"
    | "stop"
    | "start"
    | "restart"
    | "kill"
    | "pause"
    | "unpause"
    | "rm"
    | "push"
    | "run";
  readonly services?: readonly string[];
  readonly profiles?: readonly string[];
  readonly environment?: Record<string, string>;
  readonly apiVersion?: string;
  /** Host path → digest of its content, now and when the containers were made. */
  readonly files?: Record<string, string>;
  readonly filesBefore?: Record<string, string>;
  readonly scale?: Record<string, number>;
  readonly accepted?: readonly string[];
  readonly noDeps?: boolean;
  readonly noStart?: boolean;
  readonly oneOff?: Partial<OneOff>;
  /** The project's files are not known: only its name. */
  readonly withoutFiles?: boolean;
  /** Parts of steps that the golden text shows too, as paths: `body.HostConfig.Mounts`. */
  readonly show?: readonly string[];
}

export interface PlanCase {
  readonly options: CaseOptions;
  /** The services that were asked for, and what they depend on. */
  readonly selected: ReadonlySet<string>;
  /** What the engine holds, to the last detail. */
  readonly world: Observed;
  /** Plans for a world as it is seen, with the case's options or changed ones. */
  readonly plan: (world: Observed, changes?: Partial<UpOptions>) => Planned;
}

const now = Date.UTC(2026, 0, 15);

export function readCase(given: ReadonlyMap<string, string>): PlanCase {
  const options: CaseOptions = parse(given.get("options") ?? "") ?? {};
  const text = given.get("compose.yaml") ?? "";
  const project = load(text, options);
  const { services = [], files = {}, filesBefore = files } = options;
  const { scale, accepted, show, environment, profiles, withoutFiles, verb, oneOff, ...others } = options;
  const up: UpOptions = {
    apiVersion: "1.51",
    version: "0.1.0",
    ...others,
    services,
    fileDigests: new Map(Object.entries(files)),
    scale: new Map(Object.entries(scale ?? {})),
    accepted: new Set(accepted),
    locate,
  };
  const world = worldFrom({
    text: given.get("observed") ?? "nothing",
    model: project,
    before: load(given.get("before") ?? text, options),
    options: up,
    optionsBefore: { ...up, fileDigests: new Map(Object.entries(filesBefore)) },
    now,
  });
  const known = services.filter((name) => project.services.has(name));
  const selected = select(project, known, { dependencies: options.noDeps !== true });
  return {
    options,
    selected: new Set(selected.services.keys()),
    world,
    plan: (seen, changes = {}) =>
      planBy(verb ?? "up", project, asSeen(seen, project, up), options, { ...up, ...changes }),
  };
}

function planBy(
  verb: NonNullable<CaseOptions["verb"]>,
  project: ProjectModel,
  observed: Observed,
  { services = [], noDeps, noStart, withoutFiles, ...others }: CaseOptions,
  up: UpOptions,
): Planned {
  const model = withoutFiles ? undefined : project;
  const selected = () => select(project, services, { dependencies: noDeps !== true });
  const named = () => select(project, services, { dependencies: false });
  const { version } = up;
  switch (verb) {
    case "up":
      return planUp(pruneResources(selected()), observed, up);
    case "images":
      return planImages(selected(), observed, { ...others, version, now, locate });
    case "build":
      return planBuild(named(), { version, locate });
    case "pull":
      return planPull(named(), observed, { ...others, version, locate });
    case "down":
      return planDown(model, observed, { ...others, services });
    case "stop":
      return planStop(model, observed, { ...others, services });
    case "start":
      return planStart(model, observed, { ...others, services });
    case "restart":
      return planRestart(model, observed, { ...others, services, ...(noDeps !== undefined && { noDeps }) });
    case "kill":
      return planKill(model, observed, { ...others, services });
    case "pause":
    case "unpause":
      return planPause(model, observed, { op: `${verb}-container`, services });
    case "rm":
      return planRemove(model, observed, { ...others, services });
    case "push":
      return planPush(named(), {});
    case "run": {
      const [service = ""] = services;
      const name = `${project.name}-${service}-run-1`;
      const oneOff = { service, name, slug: "5".repeat(64), stdin: true, useAliases: false, autoRemove: false };
      return planUp(pruneResources(selected()), observed, { ...up, oneOff: { ...oneOff, ...others.oneOff } });
    }
  }
}

function load(text: string, { environment, profiles, services }: CaseOptions): ProjectModel {
  const project = projectOf(text, new Map(Object.entries(environment ?? {})));
  return enableServices(applyProfiles(project, profiles ?? []), services ?? []);
}

const places = new Map<string, Span>();

/** A place is shown by its path, which is what the loader is asked with. */
function locate(path: readonly (string | number)[]): Span {
  const name = path.join(".");
  const place = places.get(name) ?? { source: { path: name, text: "" }, start: 0, end: 0 };
  places.set(name, place);
  return place;
}
