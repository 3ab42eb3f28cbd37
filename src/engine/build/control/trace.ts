/** A build as BuildKit tells of it: vertices with their times, logs and progress. */

import { createHash, randomBytes } from "node:crypto";
import type { Progress } from "../../api.ts";
import type { statusResponse } from "../../buildkit/messages.ts";
import type { Encodable } from "../../buildkit/protobuf.ts";
import type { Instruction } from "../dockerfile/instruction.ts";
import { type BuildOutput, type StageOutput, type StepOutput, silent } from "../output.ts";
import type { BuildPlan } from "../plan-stages.ts";
import { StepFailure } from "../run-step.ts";

export type Status = Encodable<typeof statusResponse>;

/** What is told, kept for those who ask later. */
export interface Trace {
  tell(status: Status): void;
  /** Nothing more comes. */
  end(): void;
  /** From the beginning to the end. */
  read(signal: AbortSignal): AsyncGenerator<Status, void, undefined>;
}

export function openTrace(): Trace {
  const told: Status[] = [];
  let over = false;
  const waiting = new Set<() => void>();
  const wakeAll = () => {
    for (const wake of waiting) wake();
  };
  return {
    tell: (status) => {
      told.push(status);
      wakeAll();
    },
    end: () => {
      over = true;
      wakeAll();
    },
    read: async function* (signal) {
      signal.addEventListener("abort", wakeAll, { once: true });
      for (let at = 0; !signal.aborted; ) {
        const status = told[at];
        if (status !== undefined) {
          at++;
          yield status;
        } else if (over) return;
        else {
          await new Promise<void>((resolve) => {
            const wake = () => {
              waiting.delete(wake);
              resolve();
            };
            waiting.add(wake);
          });
        }
      }
    },
  };
}

/** The message of a failure, in BuildKit's words where a process failed. */
export function failureText(error: unknown): string {
  if (error instanceof StepFailure)
    return `process "${error.argv.join(" ")}" did not complete successfully: exit code: ${error.code}`;
  return error instanceof Error ? error.message : String(error);
}

/** Something that is done, from now on, until it says that it is. */
export function openVertex(trace: Trace, name: string): StepOutput {
  const digest = `sha256:${createHash("sha256").update(randomBytes(16)).digest("hex")}`;
  const started = now();
  let cached = false;
  const tell = (more: { completed?: ReturnType<typeof now>; error?: string }) =>
    trace.tell({ vertexes: [{ digest, name, started, cached, ...more }] });
  tell({});
  return {
    cached: () => {
      cached = true;
    },
    started: () => {},
    ended: () => {},
    log: ({ stream, data }) =>
      trace.tell({ logs: [{ vertex: digest, timestamp: now(), stream: stream === "stderr" ? 2 : 1, data }] }),
    progress: (line) => {
      const status = statusOf(line);
      if (status !== undefined) trace.tell({ statuses: [{ ...status, vertex: digest, timestamp: now(), started }] });
    },
    done: () => tell({ completed: now() }),
    failed: (error) => tell({ completed: now(), error: failureText(error) }),
  };
}

function statusOf({ id, status, progressDetail }: Progress) {
  if (status === undefined || id === undefined) return undefined;
  const { current = 0, total = 0 } = progressDetail ?? {};
  const isOver = status === "Pull complete" || status === "Already exists" || status === "done";
  return { id, name: status, current, total, ...(isOver && { completed: now() }) };
}

/** Only what makes files is a vertex; the rest changes a config. */
export function openTraceOutput(trace: Trace, { stages }: BuildPlan, stageCount: number): BuildOutput {
  const stage = (place: number): StageOutput => {
    const planned = stages[place];
    const instructions = planned?.stage.instructions ?? [];
    const total = 1 + instructions.filter(makesFiles).length;
    const name = planned?.stage.from.name ?? (stageCount > 1 ? `stage-${planned?.stage.index}` : "");
    let number = 0;
    return {
      begin: (instruction, isTrigger) => {
        if (instruction.keyword !== "FROM" && !makesFiles(instruction)) return silent;
        number++;
        // What a stage stands on, if it is none of its own, has been told of.
        if (instruction.keyword === "FROM" && planned?.base.kind !== "image") return silent;
        const place = `[${name === "" ? "" : `${name} `}${number}/${Math.max(total, number)}]`;
        return openVertex(trace, `${place} ${isTrigger ? "ONBUILD " : ""}${instruction.text}`);
      },
      triggers: () => {},
      end: () => {},
    };
  };
  return {
    stage,
    task: (name) => openVertex(trace, name),
    warn: (text) => {
      const vertex = `sha256:${createHash("sha256").update(text).digest("hex")}`;
      trace.tell({ warnings: [{ vertex, level: 1, short: Buffer.from(text) }] });
    },
  };
}

const makesFiles = ({ keyword }: Instruction): boolean => ["RUN", "COPY", "ADD", "WORKDIR"].includes(keyword);

const now = () => timeOf(Date.now());

/** From milliseconds of Unix time. */
export function timeOf(time: number): { seconds: bigint; nanos: number } {
  return { seconds: BigInt(Math.floor(time / 1000)), nanos: (time % 1000) * 1_000_000 };
}
