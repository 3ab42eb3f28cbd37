/** What a build tells of itself while it goes on. */

import type { Frame, Progress } from "../api.ts";
import type { Instruction } from "./dockerfile/instruction.ts";

export interface BuildOutput {
  /** For the stage of that place in the plan. */
  stage(place: number): StageOutput;
  /** Something that is no instruction: a context that is transferred. */
  task(name: string): StepOutput;
  /** What the user should know, though nothing is wrong. */
  warn(text: string): void;
}

export interface StageOutput {
  /** An instruction's turn. `isTrigger`: it comes from the base image's ONBUILD. */
  begin(instruction: Instruction, isTrigger: boolean): StepOutput;
  /** The base image has instructions of its own for those who build upon it. */
  triggers(count: number): void;
  /** Nothing more comes. */
  end(): void;
}

export interface StepOutput {
  /** It was done before, and its result is taken. */
  cached(): void;
  /** Its process begins, in a container of that ID. */
  started(container: string): void;
  /** What its process writes. */
  log(frame: Frame): void;
  /** Its process has ended well. */
  ended(container: string): void;
  /** How far it is: of a pull, or a transfer. */
  progress(line: Progress): void;
  /** `id`: of the image, or what stands for one, that the stage is now. */
  done(id: string): void;
  failed(error: unknown): void;
}

const nothing = () => {};

/** For what nobody is told of. */
export const silent: StepOutput = {
  cached: nothing,
  started: nothing,
  log: nothing,
  ended: nothing,
  progress: nothing,
  done: nothing,
  failed: nothing,
};
