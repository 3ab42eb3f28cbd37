/** What BuildKit tells of a build, as progress for a user, and what of it explains a failure. */

import type { StatusResponse } from "../buildkit/messages.ts";
import type { Tell } from "./builder.ts";

/** A step of the build: `[2/5] RUN make`, `load build context`. */
export interface TracedStep {
  readonly name: string;
  readonly cached: boolean;
  readonly isOver: boolean;
  readonly error: string;
}

/** One piece of news, whatever form it came in. */
export interface TraceNews {
  /** By the step's digest. */
  readonly steps: ReadonlyMap<string, TracedStep>;
  readonly logs: readonly { readonly step: string; readonly text: string }[];
  readonly transfers: readonly {
    readonly step: string;
    readonly id: string;
    readonly current: number;
    readonly total: number;
  }[];
  readonly warnings: readonly string[];
}

export interface TraceReader {
  take(news: TraceNews): void;
  /** The step that failed, with all that it said; undefined where none did. */
  failure(): { readonly step: string; readonly output: readonly string[] } | undefined;
}

/** How many lines of a step's output are kept for its failure. */
const keptLines = 200;

/** Tells of each step once when it begins, or is found done, then what it says. */
export function readTrace(tell: Tell): TraceReader {
  const steps = new Map<string, { name: string; told: string; rest: string; output: string[] }>();
  let failed: string | undefined;
  const say = (step: { output: string[] }, line: string) => {
    const text = shown(line);
    if (text === "") return;
    step.output.push(text);
    step.output.splice(0, step.output.length - keptLines);
    tell.progress({ text });
  };
  const stepOf = (digest: string) => {
    const known = steps.get(digest) ?? { name: "", told: "", rest: "", output: [] };
    steps.set(digest, known);
    return known;
  };
  return {
    take: ({ steps: news, logs, transfers, warnings }) => {
      for (const [digest, { name, cached, isOver, error }] of news) {
        const step = stepOf(digest);
        step.name = name;
        // Whether it was done before is known a moment after it has begun.
        const text = cached && isOver ? `CACHED ${name}` : name;
        if (step.told !== text && !step.told.startsWith("CACHED ") && !isInternal(name)) tell.progress({ text });
        step.told = text;
        if (isOver) say(step, step.rest);
        if (isOver) step.rest = "";
        if (error !== "" && !isCancelled(error)) failed ??= digest;
      }
      for (const { step: digest, text } of logs) {
        const step = stepOf(digest);
        const lines = (step.rest + text).split("\n");
        step.rest = lines.pop() ?? "";
        for (const line of lines) say(step, line);
      }
      for (const { id, current, total } of transfers)
        if (total > 0) tell.progress({ text: "Downloading", id, current, total });
      for (const text of warnings) tell.warning(text);
    },
    failure: () => {
      const step = failed === undefined ? undefined : steps.get(failed);
      return step === undefined ? undefined : { step: step.name, output: step.output };
    },
  };
}

/** What came last upon a line that was written over. */
const shown = (line: string): string => (line.replace(/\r+$/, "").split("\r").at(-1) ?? "").trimEnd();

const isInternal = (name: string): boolean =>
  /^\[(internal|context [^\]]*)\]|^exporting to|^(resolve image config|docker-image:\/\/)/.test(name);

const isCancelled = (error: string): boolean => /^(context canceled|the call was given up)/i.test(error);

/** What the control service's `Status` says. */
export function newsOf({ vertexes, logs, statuses, warnings }: StatusResponse): TraceNews {
  return {
    steps: new Map(
      vertexes.map(({ digest, name, cached, completed, error }) => [
        digest,
        { name, cached, isOver: completed !== undefined, error },
      ]),
    ),
    logs: logs.map(({ vertex, data }) => ({ step: vertex, text: data.toString("utf8") })),
    transfers: statuses.map(({ vertex, id, current, total }) => ({ step: vertex, id, current, total })),
    warnings: warnings.map(({ short }) => short.toString("utf8")),
  };
}
