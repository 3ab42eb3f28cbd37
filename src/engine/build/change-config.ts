/** `--change` of import and commit: Dockerfile instructions applied to a config. Pure. */

import type { ContainerConfig } from "../api.ts";
import { badRequest } from "../refusal.ts";
import { applyInstruction } from "./apply.ts";
import { parseInstructions } from "./dockerfile/parse.ts";
import { type Evaluation, evaluate } from "./evaluate.ts";

const allowed = [
  "CMD",
  "ENTRYPOINT",
  "ENV",
  "EXPOSE",
  "HEALTHCHECK",
  "LABEL",
  "ONBUILD",
  "STOPSIGNAL",
  "USER",
  "VOLUME",
  "WORKDIR",
];

/** EngineError 400 for an instruction that is bad, or changes more than a config. */
export function changeConfig(config: ContainerConfig, changes: readonly string[]): ContainerConfig {
  let changed = config;
  let cmdIsOwn = false;
  for (const text of changes) {
    for (const instruction of parseInstructions({ path: "change", text })) {
      if (!allowed.includes(instruction.keyword)) {
        throw badRequest(`${instruction.keyword.toLowerCase()} is not a valid change command`);
      }
      const env = new Map((changed.Env ?? []).map(splitEnv));
      const evaluation: Evaluation = { variables: (name) => env.get(name), escapeWith: "\\" };
      changed = applyInstruction(changed, evaluate(instruction, evaluation), cmdIsOwn);
      cmdIsOwn ||= instruction.keyword === "CMD";
    }
  }
  return changed;
}

/** `A=b` as name and value. */
export function splitEnv(entry: string): readonly [string, string] {
  const equals = entry.indexOf("=");
  return equals === -1 ? [entry, ""] : [entry.slice(0, equals), entry.slice(equals + 1)];
}
