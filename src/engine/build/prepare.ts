/** What is known of a build when its Dockerfile is read. Pure. */

import type { Source } from "../../errors.ts";
import { hostPlatform } from "../images/platform.ts";
import type { Prepared } from "./carry-out.ts";
import type { Instruction } from "./dockerfile/instruction.ts";
import { parseDockerfile } from "./dockerfile/parse.ts";
import { findContext } from "./origin.ts";
import { type BuildPlan, planStages } from "./plan-stages.ts";
import type { BuildRequest } from "./request.ts";
import { readMount } from "./run-mount.ts";
import { automaticArguments, type BuildArguments, globalValues } from "./variables.ts";

/** EngineError 400 for what is wrong in the Dockerfile, and a target that it does not have. */
export function prepare(source: Source, request: BuildRequest): Prepared {
  const { target, platform, args: given, sources } = request;
  const dockerfile = parseDockerfile(source);
  const args: BuildArguments = { given, used: new Set() };
  const automatic = automaticArguments(hostPlatform, platform, target ?? "");
  const globals = globalValues(dockerfile.args, args, automatic, dockerfile.directives.escapeWith);
  const plan = planStages(dockerfile, target, globals, (name) => findContext(sources.named, name)?.name);
  return { dockerfile, args, globals, plan, wanted: wantedPaths(plan) };
}

/** Undefined where it cannot be said before the stages are evaluated, or where everything is wanted. */
function wantedPaths({ stages }: BuildPlan): readonly string[] | undefined {
  const wanted = new Set<string>();
  for (const { stage, base } of stages) {
    // The triggers of a base image may want anything.
    if (base.kind === "image" || base.kind === "context") return undefined;
    for (const path of stage.instructions.flatMap(pathsOf)) {
      const clean = path.replace(/^[./]*\//, "").replace(/\/+$/, "");
      if (/[$\\]/.test(path) || path.includes("..") || clean === "" || clean === ".") return undefined;
      wanted.add(clean);
    }
  }
  return [...wanted];
}

function pathsOf(instruction: Instruction): readonly string[] {
  if (instruction.keyword === "COPY" || instruction.keyword === "ADD")
    return instruction.from === undefined ? instruction.sources.filter((source) => !source.includes("://")) : [];
  if (instruction.keyword !== "RUN") return [];
  return instruction.mounts.flatMap((text) => {
    const { type, from, source } = readMount(text, instruction.span);
    return type === "bind" && from === undefined ? [source ?? "/"] : [];
  });
}
