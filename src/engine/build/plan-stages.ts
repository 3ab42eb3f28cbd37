/** Which stages a target needs, and what each of them stands on. Pure. */

import { badRequest } from "../refusal.ts";
import { complain, suggest } from "./dockerfile/complain.ts";
import type { From } from "./dockerfile/instruction.ts";
import type { Dockerfile, Stage } from "./dockerfile/parse.ts";
import { ExpansionError, expand } from "./expand.ts";
import { readMount } from "./run-mount.ts";

export type StageBase =
  | { readonly kind: "scratch" }
  | { readonly kind: "stage"; readonly index: number }
  | { readonly kind: "image"; readonly reference: string }
  /** A named context. */
  | { readonly kind: "context"; readonly name: string };

export interface PlannedStage {
  readonly stage: Stage;
  readonly base: StageBase;
  readonly platform?: string;
  /** The numbers that progress lines count from. */
  readonly firstStep: number;
}

export interface BuildPlan {
  readonly target: number;
  /** Those that the target needs, in the file's order. */
  readonly stages: readonly PlannedStage[];
  readonly steps: number;
}

type ContextOf = (name: string) => string | undefined;

/** `contextOf`: the named context that goes before a stage or an image. EngineError 400 for an unknown target, a bad FROM, stages in a circle. */
export function planStages(
  dockerfile: Dockerfile,
  target: string | undefined,
  globals: ReadonlyMap<string, string>,
  contextOf: ContextOf,
): BuildPlan {
  const { stages, directives } = dockerfile;
  const options = { escapeWith: directives.escapeWith };
  const expandFrom = (from: From, text: string): string => {
    try {
      return expand(text, (name) => globals.get(name), options);
    } catch (error) {
      throw error instanceof ExpansionError ? complain(from.span, `FROM: ${error.message}`) : error;
    }
  };
  const resolved = stages.map((stage) => {
    const image = expandFrom(stage.from, stage.from.image);
    if (image === "") throw complain(stage.from.span, `base name (${stage.from.image}) should not be blank`);
    const platform = stage.from.platform === undefined ? "" : expandFrom(stage.from, stage.from.platform);
    return {
      stage,
      base: baseOf(image, stages.slice(0, stage.index), contextOf),
      ...(platform !== "" && { platform }),
    };
  });
  const wanted = target === undefined || target === "" ? stages.length - 1 : findTarget(dockerfile, target);
  const needed = new Set<number>();
  const visit = (index: number, path: readonly number[]): void => {
    const one = resolved[index];
    if (one === undefined) return;
    if (path.includes(index))
      throw complain(
        one.stage.from.span,
        `the stages need each other in a circle: ${[...path, index].map((i) => stages[i]?.from.name ?? i).join(" → ")}`,
      );
    if (needed.has(index)) return;
    const next = [...path, index];
    if (one.base.kind === "stage") visit(one.base.index, next);
    for (const other of mentionedStages(one.stage, stages, contextOf)) visit(other, next);
    needed.add(index);
  };
  visit(wanted, []);
  const planned: PlannedStage[] = [];
  let steps = 0;
  for (const one of resolved) {
    if (!needed.has(one.stage.index)) continue;
    planned.push({ ...one, firstStep: steps + 1 });
    steps += 1 + one.stage.instructions.length;
  }
  return { target: wanted, stages: planned, steps };
}

/** The stage of a name or a number, as `--from` gives it. */
export function findStage(name: string, stages: readonly Stage[]): number | undefined {
  const byName = stages.findLast(({ from }) => from.name === name.toLowerCase());
  if (byName !== undefined) return byName.index;
  return /^[0-9]+$/.test(name) && Number(name) < stages.length ? Number(name) : undefined;
}

function findTarget({ stages, source }: Dockerfile, target: string): number {
  const found = findStage(target, stages);
  if (found !== undefined) return found;
  const names = stages.flatMap(({ from }) => from.name ?? []);
  const hint = suggest(target, names) ?? (names.length > 0 ? `its stages are ${names.join(", ")}` : undefined);
  throw badRequest(
    `${source.path}: target stage "${target}" could not be found${hint === undefined ? "" : ` (${hint})`}`,
  );
}

function baseOf(image: string, earlier: readonly Stage[], contextOf: ContextOf): StageBase {
  const context = contextOf(image);
  if (context !== undefined) return { kind: "context", name: context };
  const named = earlier.findLast(({ from }) => from.name === image.toLowerCase());
  if (named !== undefined) return { kind: "stage", index: named.index };
  return image === "scratch" ? { kind: "scratch" } : { kind: "image", reference: image };
}

/** Stages that files or mounts come from. A name with a variable in it is known only later, and is an error then. */
function mentionedStages(stage: Stage, stages: readonly Stage[], contextOf: ContextOf): readonly number[] {
  const names = stage.instructions.flatMap((instruction) => {
    if (instruction.keyword === "COPY") return instruction.from ?? [];
    if (instruction.keyword === "RUN")
      return instruction.mounts.flatMap((mount) => readMount(mount, instruction.span).from ?? []);
    return [];
  });
  return names.flatMap((name) => (contextOf(name) === undefined ? (findStage(name, stages) ?? []) : []));
}
