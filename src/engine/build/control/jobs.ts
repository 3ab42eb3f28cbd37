/** Builds that clients have asked for, while they last, and what they tell. */

import type { RegistryAuth } from "../../api.ts";
import type { GrpcCall } from "../../buildkit/grpc-server.ts";
import type { StageResult } from "../build.ts";
import { openTrace, type Trace } from "./trace.ts";

export interface Job {
  readonly ref: string;
  /** The ID of the session that gives what it is made of. */
  readonly session: string;
  readonly entitlements: readonly string[];
  readonly trace: Trace;
  readonly signal: AbortSignal;
  /** What was solved for it, by reference. */
  readonly solved: Map<string, Solved>;
  /** The client says which result is the build's, or why there is none. */
  readonly finish: (reference: string | Error) => void;
}

export interface Solved {
  readonly stage: StageResult;
  readonly labels: Readonly<Record<string, string>>;
  /** BUILDKIT_INLINE_CACHE was given. */
  readonly inlineCache: boolean;
  readonly credentials: (registry: string) => Promise<RegistryAuth | undefined>;
  /** Its layers stay until then. */
  release(): Promise<void>;
}

export interface Jobs {
  open(job: Omit<Job, "trace" | "solved">): Job;
  close(job: Job): Promise<void>;
  /** The build that a call belongs to; it may come before the build does. */
  of(call: GrpcCall): Promise<Job>;
  /** What a build tells; it may be asked before the build is. */
  trace(ref: string): Trace;
  /** A result of any build, also of one that ended lately. */
  solved(reference: string): Solved | undefined;
}

/** Milliseconds that what a build told and made can be asked for after its end. */
const memory = 600_000;

export function openJobs(): Jobs {
  const jobs = new Map<string, Job>();
  const traces = new Map<string, Trace>();
  const waiting = new Map<string, Set<() => void>>();
  const late = new Map<string, Solved>();

  const trace = (ref: string): Trace => {
    const known = traces.get(ref) ?? openTrace();
    traces.set(ref, known);
    return known;
  };
  return {
    trace,
    open: (more) => {
      const job: Job = { ...more, trace: trace(more.ref), solved: new Map() };
      jobs.set(job.ref, job);
      for (const wake of waiting.get(job.ref) ?? []) wake();
      waiting.delete(job.ref);
      return job;
    },
    close: async (job) => {
      jobs.delete(job.ref);
      job.trace.end();
      for (const [reference, solved] of job.solved) late.set(reference, solved);
      setTimeout(() => {
        traces.delete(job.ref);
        for (const reference of job.solved.keys()) late.delete(reference);
      }, memory).unref();
      for (const { release } of job.solved.values()) await release();
    },
    of: async ({ metadata, signal }) => {
      const id = String(metadata["buildkit-controlapi-buildid"] ?? "");
      for (;;) {
        const job = jobs.get(id);
        if (job !== undefined) return job;
        signal.throwIfAborted();
        await new Promise<void>((resolve) => {
          waiting.set(id, (waiting.get(id) ?? new Set()).add(resolve));
          signal.addEventListener("abort", () => resolve(), { once: true });
        });
      }
    },
    solved: (reference) => {
      for (const { solved } of jobs.values()) {
        const found = solved.get(reference);
        if (found !== undefined) return found;
      }
      return late.get(reference);
    },
  };
}
