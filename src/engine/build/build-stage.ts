/** One stage of a build, instruction by instruction. */

import { EngineError } from "../../errors.ts";
import type { ContainerConfig } from "../api.ts";
import type { Platform } from "../daemon/rooms.ts";
import type { ImageHistory } from "../images/image-config.ts";
import { parsePlatform } from "../images/platform.ts";
import { TarError } from "../images/tar/entry.ts";
import { badRequest } from "../refusal.ts";
import { applyInstruction, argumentsOf, emptyConfig } from "./apply.ts";
import type { Build, StageResult } from "./build.ts";
import { splitEnv } from "./change-config.ts";
import { copyStep } from "./copy-step.ts";
import { cacheKey, describeStep } from "./describe-step.ts";
import { placed } from "./dockerfile/complain.ts";
import type { Instruction } from "./dockerfile/instruction.ts";
import { parseInstructions } from "./dockerfile/parse.ts";
import { evaluate } from "./evaluate.ts";
import type { KeyedStep } from "./image-cache.ts";
import { contextAsStage } from "./origin.ts";
import type { StageOutput, StepOutput } from "./output.ts";
import type { PlannedStage } from "./plan-stages.ts";
import { runStep } from "./run-step.ts";
import { declare, emptyScope, lookUpVariable, overrule, type StageScope } from "./variables.ts";
import { workdirStep } from "./workdir-step.ts";

/** A stage while it is made. */
export interface StageState {
  readonly diffIds: readonly string[];
  readonly config: ContainerConfig;
  readonly history: readonly ImageHistory[];
  readonly steps: readonly KeyedStep[];
  readonly scope: StageScope;
  /** The CMD is of this stage, not of its base. */
  readonly cmdIsOwn: boolean;
  readonly platform: Platform;
  readonly author?: string;
}

/** What a step that makes a layer gives. */
export interface StepResult {
  /** Of the build cache; absent where there was nothing to do. */
  readonly key?: string;
  /** Absent: it changed no file. */
  readonly diffId?: string;
  readonly description: string;
  /** RFC 3339: when it was really done; absent where there was nothing to do. */
  readonly created?: string;
}

/** EngineError 400 for what is wrong in the Dockerfile, with its place; the failure of a step as it is. */
export async function buildStage(build: Build, planned: PlannedStage, output: StageOutput): Promise<StageResult> {
  const { stage } = planned;
  const perform = async <T>(
    instruction: Instruction,
    isTrigger: boolean,
    work: (step: StepOutput) => Promise<readonly [T, string]>,
  ): Promise<T> => {
    build.signal.throwIfAborted();
    const step = output.begin(instruction, isTrigger);
    try {
      const [result, id] = await work(step);
      step.done(id);
      return result;
    } catch (thrown) {
      const refused =
        thrown instanceof TarError || thrown instanceof RangeError ? badRequest(thrown.message, thrown) : thrown;
      const error = refused instanceof EngineError ? placed(refused, instruction.span, titleOf(instruction)) : refused;
      step.failed(error);
      throw error;
    }
  };
  const base = await perform(stage.from, false, async (step) => {
    const found = await baseOf(build, planned, step);
    return [found, found.id ?? ""];
  });
  const { OnBuild: triggers, ...config } = base.config;
  let state: StageState = {
    diffIds: base.diffIds,
    config,
    history: base.history,
    steps: base.steps,
    // What a stage has declared, those that stand on it know too.
    scope: base.scope ?? emptyScope,
    cmdIsOwn: false,
    platform: base.platform,
    ...(base.author !== undefined && { author: base.author }),
  };
  const next = (instruction: Instruction, isTrigger: boolean) =>
    perform(instruction, isTrigger, async (step) => {
      const after = await apply(build, planned, state, instruction, step);
      return [after, cacheKey([after.diffIds, after.config])];
    });
  if (triggers != null && triggers.length > 0) {
    output.triggers(triggers.length);
    for (const trigger of triggers) {
      for (const instruction of parseInstructions({ path: `ONBUILD of ${stage.from.image}`, text: trigger }))
        state = await next(instruction, true);
    }
  }
  for (const instruction of stage.instructions) state = await next(instruction, false);
  const { diffIds, history, steps, author, scope } = state;
  return {
    diffIds,
    steps,
    history,
    scope,
    config: state.config,
    platform: base.platform,
    ...(author !== undefined && { author }),
  };
}

const titleOf = (instruction: Instruction) =>
  instruction.keyword === "FROM" ? `FROM ${instruction.image}` : instruction.keyword;

async function baseOf(
  build: Build,
  { base, platform: wanted }: PlannedStage,
  { progress, cached }: StepOutput,
): Promise<StageResult> {
  const platform = wanted === undefined ? build.platform : parsePlatform(wanted);
  if (base.kind === "stage") return build.stage(base.index);
  if (base.kind === "image") {
    let isHere = true;
    const image = await build.image(base.reference, platform, (line) => {
      isHere = false;
      progress(line);
    });
    if (isHere) cached();
    return image;
  }
  if (base.kind === "context") return contextAsStage(build, base.name, platform, progress);
  return { diffIds: [], config: emptyConfig, history: [], steps: [], platform };
}

async function apply(
  build: Build,
  planned: PlannedStage,
  state: StageState,
  written: Instruction,
  output: StepOutput,
): Promise<StageState> {
  const env = new Map((state.config.Env ?? []).map(splitEnv));
  const { escapeWith } = build.dockerfile.directives;
  const variables = (name: string) => lookUpVariable(state.scope, env, name);
  const instruction = evaluate(written, { variables, escapeWith });
  const context = { build, planned, state, env, output };
  switch (instruction.keyword) {
    case "RUN":
      return withLayer(state, await runStep(context, instruction));
    case "COPY":
    case "ADD":
      return withLayer(state, await copyStep(context, instruction));
    case "WORKDIR": {
      const config = applyInstruction(state.config, instruction, state.cmdIsOwn);
      const step = { ...instruction, value: config.WorkingDir ?? "/" };
      return { ...withLayer(state, await workdirStep(context, step)), config };
    }
    case "ARG": {
      // Each of them sees those before it, on the same line too.
      let { scope } = state;
      const args = written.keyword === "ARG" ? written.args : [];
      for (const arg of args) {
        const now = (name: string) => lookUpVariable(scope, env, name);
        const one = evaluate({ ...instruction, args: [arg] }, { variables: now, escapeWith });
        if (one.keyword === "ARG") scope = declare(scope, one, build.args, build.globals);
      }
      const values = instruction.args.map(({ key }) => ({ key, value: scope.args.get(key) }));
      const known = values.map(({ key, value }) => ({ key, ...(value !== undefined && { value }) }));
      return withStep({ ...state, scope }, describeStep({ ...instruction, args: known }, {}));
    }
    case "ENV": {
      const config = applyInstruction(state.config, instruction, state.cmdIsOwn);
      const names = instruction.pairs.map(({ key }) => key);
      return withStep({ ...state, config, scope: overrule(state.scope, names) }, describeStep(instruction, {}));
    }
    case "MAINTAINER":
      return withStep({ ...state, author: instruction.value }, describeStep(instruction, {}));
    case "ONBUILD":
      // For those who build upon it: of this image it says nothing.
      return { ...state, config: applyInstruction(state.config, instruction, state.cmdIsOwn) };
    case "HEALTHCHECK": {
      const config = applyInstruction(state.config, instruction, state.cmdIsOwn);
      const { Healthcheck: health } = config;
      return withStep({ ...state, config }, describeStep({ ...instruction, health: health ?? {} }, {}));
    }
    default: {
      const config = applyInstruction(state.config, instruction, state.cmdIsOwn);
      const argv =
        "command" in instruction && instruction.command !== undefined ? argumentsOf(instruction.command, config) : [];
      const cmdIsOwn = instruction.keyword === "CMD" || state.cmdIsOwn;
      return withStep({ ...state, config, cmdIsOwn }, describeStep(instruction, { argv }));
    }
  }
}

/** What steps that make layers are given. */
export interface StepContext {
  readonly build: Build;
  readonly planned: PlannedStage;
  readonly state: StageState;
  readonly env: ReadonlyMap<string, string>;
  readonly output: StepOutput;
}

const madeBy = "buildkit.dockerfile.v0";

function withStep(state: StageState, created_by: string): StageState {
  return { ...state, history: [...state.history, { created_by, comment: madeBy, empty_layer: true }] };
}

function withLayer(state: StageState, { key, diffId, description, created }: StepResult): StageState {
  const entry = {
    ...(created !== undefined && { created }),
    created_by: description,
    comment: madeBy,
    ...(diffId === undefined && { empty_layer: true }),
  };
  return {
    ...state,
    diffIds: diffId === undefined ? state.diffIds : [...state.diffIds, diffId],
    history: [...state.history, entry],
    ...(key !== undefined &&
      created !== undefined && {
        steps: [...state.steps, { key, created, ...(diffId !== undefined && { diffId }) }],
      }),
  };
}
