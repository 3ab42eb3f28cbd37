/** A Dockerfile: what stands before the first FROM, and its stages. Pure. */

import type { Source } from "../../../errors.ts";
import { badRequest } from "../../refusal.ts";
import { complain } from "./complain.ts";
import type { Arg, From, Instruction } from "./instruction.ts";
import { type Directives, splitLines } from "./lines.ts";
import { readInstruction } from "./read-instruction.ts";

export interface Dockerfile {
  readonly source: Source;
  readonly directives: Directives;
  /** Before the first FROM: for the FROMs, and for stages that declare them again. */
  readonly args: readonly Arg[];
  readonly stages: readonly Stage[];
}

export interface Stage {
  readonly index: number;
  readonly from: From;
  readonly instructions: readonly Instruction[];
}

/** EngineError 400, with file, line and what is wrong, for the first error. */
export function parseDockerfile(source: Source): Dockerfile {
  const { directives, lines } = splitLines(source);
  const args: Arg[] = [];
  const stages: { readonly index: number; readonly from: From; readonly instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const instruction = readInstruction(line, directives.escapeWith);
    const stage = stages.at(-1);
    if (instruction.keyword === "FROM") stages.push({ index: stages.length, from: instruction, instructions: [] });
    else if (stage !== undefined) stage.instructions.push(instruction);
    else if (instruction.keyword === "ARG") args.push(instruction);
    else
      throw complain(instruction.span, `no build stage in current context: only ARG may stand before the first FROM`);
  }
  if (stages.length === 0) {
    throw badRequest(
      lines.length === 0
        ? `${source.path}: the Dockerfile cannot be empty`
        : `${source.path}: no FROM in the Dockerfile`,
    );
  }
  return { source, directives, args, stages };
}

/** Instructions outside of a Dockerfile: what `import --change`, `commit --change` and ONBUILD give. */
export function parseInstructions(source: Source, escapeWith = "\\"): readonly Instruction[] {
  return splitLines(source).lines.map((line) => readInstruction(line, escapeWith));
}
