import { describe, expect } from "vitest";
import { parse } from "yaml";
import type { ProjectModel } from "../../src/compose/model.ts";
import { applyProfiles, enableServices, pruneResources, select } from "../../src/compose/select.ts";
import type { Diagnostic, Span } from "../../src/errors.ts";
import { planDown } from "../../src/reconcile/down.ts";
import { formatPlan } from "../../src/reconcile/format.ts";
import { planBuild, planImages, planPull } from "../../src/reconcile/images.ts";
import { planKill } from "../../src/reconcile/kill.ts";
import type { Plan, Planned } from "../../src/reconcile/plan.ts";
import { planRestart } from "../../src/reconcile/restart.ts";
import { planStart } from "../../src/reconcile/start.ts";
import { planStop } from "../../src/reconcile/stop.ts";
import { planUp } from "../../src/reconcile/up.ts";
import { goldenCases } from "./golden.ts";
import { type ObservedFacts, observedFrom } from "./observed.ts";
import { projectOf } from "./project.ts";

/** What a case says beside the files; everything may be left out. Other keys are the planner's own options. */
interface CaseOptions {
  readonly verb?: "up" | "images" | "build" | "pull" | "down" | "stop" | "start" | "restart" | "kill";
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
  /** The project's files are not known: only its name. */
  readonly withoutFiles?: boolean;
  /** Parts of steps that the golden text shows too, as paths: `body.HostConfig.Mounts`. */
  readonly show?: readonly string[];
}

const now = Date.UTC(2026, 0, 15);

describe("the plan", () => {
  const outputs = ["plan", "shown", "error", "warnings", "questions"];
  goldenCases(new URL("plans/", import.meta.url), outputs, golden);
});

function golden(given: ReadonlyMap<string, string>): string {
  const options: CaseOptions = parse(given.get("options") ?? "") ?? {};
  const { plan, errors, warnings, questions } = planOf(given, options);
  const parts = [];
  if (errors.length === 0) parts.push(`-- plan --\n${formatPlan(plan) || "nothing to do\n"}`);
  else expect(plan.steps).toEqual([]);
  if (options.show !== undefined) parts.push(`-- shown --\n${shown(plan, options.show)}`);
  if (errors.length > 0) parts.push(`-- error --\n${errors.map(line).join("")}`);
  if (warnings.length > 0) parts.push(`-- warnings --\n${warnings.map(line).join("")}`);
  if (questions.length > 0) parts.push(`-- questions --\n${questions.map(({ message }) => `${message}\n`).join("")}`);
  return parts.join("");
}

function planOf(given: ReadonlyMap<string, string>, options: CaseOptions): Planned {
  const text = given.get("compose.yaml") ?? "";
  const project = load(text, options);
  const before = load(given.get("before") ?? text, options);
  const { verb = "up", services = [], files = {}, filesBefore = files } = options;
  const selected = select(project, services, { dependencies: options.noDeps !== true });
  const { scale, accepted, show, environment, profiles, withoutFiles, ...others } = options;
  const up = {
    apiVersion: "1.51",
    version: "0.1.0",
    ...others,
    services,
    fileDigests: new Map(Object.entries(files)),
    scale: new Map(Object.entries(scale ?? {})),
    accepted: new Set(accepted),
    locate,
  };
  const facts: ObservedFacts = {
    text: given.get("observed") ?? "nothing",
    model: project,
    before,
    options: up,
    optionsBefore: { ...up, fileDigests: new Map(Object.entries(filesBefore)) },
    now,
  };
  const observed = observedFrom(facts);
  const model = withoutFiles ? undefined : project;
  switch (verb) {
    case "up":
      return planUp(pruneResources(selected), observed, up);
    case "images":
      return planImages(selected, observed, { version: "0.1.0", now, locate, ...others });
    case "build":
      return planBuild(select(project, services, { dependencies: false }), { version: "0.1.0", locate });
    case "pull":
      return planPull(select(project, services, { dependencies: false }), observed, {
        version: "0.1.0",
        locate,
        ...others,
      });
    case "down":
      return planDown(model, observed, { ...others, services });
    case "stop":
      return planStop(model, observed, { ...others, services });
    case "start":
      return planStart(model, observed, { ...others, services });
    case "restart":
      return planRestart(model, observed, { ...others, services });
    case "kill":
      return planKill(observed, { ...others, services });
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

function line({ code, message, hint, span }: Diagnostic): string {
  const at = span === undefined ? "" : `${span.source.path}: `;
  return `${at}${message} [${code}]\n${hint === undefined ? "" : `  ${hint}\n`}`;
}

/** `4 body.HostConfig.Mounts: …` for each step that has what is asked for. */
function shown(plan: Plan, paths: readonly string[]): string {
  const lines = plan.steps.flatMap((step) =>
    paths.flatMap((path) => {
      const value = path.split(".").reduce<unknown>((part, key) => new Map(Object.entries(part ?? {})).get(key), step);
      return value === undefined ? [] : [`${step.id} ${path}: ${JSON.stringify(value)}\n`];
    }),
  );
  return lines.join("");
}
