import type { ContainerInspect, Engine, EngineEvent } from "../engine/api.ts";
import { EngineError } from "../errors.ts";
import { labels } from "./labels.ts";
import type { Subject, WaitCondition } from "./plan.ts";
import { type Evidence, StepError } from "./step-error.ts";

/** What may change the answer to a wait. */
const relevant = ["start", "die", "destroy", "health_status", "pause", "unpause"];
/** How many lines of a log are shown for a container that failed. */
const shownLines = 10;

/** Waits for containers of one project, over one subscription to the engine's events. */
export interface Waiter {
  /** Resolves when the condition holds; rejects with what happened instead. */
  readonly wait: (
    container: { readonly id: string; readonly subject: Subject },
    condition: WaitCondition,
    options: { readonly timeout?: number; readonly signal?: AbortSignal },
  ) => Promise<void>;
  readonly close: () => void;
}

/**
 * How far back events are asked for, in seconds. An engine may answer before it has subscribed (dockerd does): what
 * happens in between is told nonetheless. What is told too much does no harm, it only makes a waiter look again.
 */
const overlap = 10;

/** Subscribes to a project's container events, so that none from now on is missed. */
export async function openWaiter(engine: Engine, project: string): Promise<Waiter> {
  const closing = new AbortController();
  const filters = { type: ["container"], label: [`${labels.project}=${project}`], event: relevant };
  const since = String(Math.floor(Date.now() / 1000) - overlap);
  const events = await engine.events({ filters, since }, { signal: closing.signal });
  const listeners = new Map<string, Set<(error?: Error) => void>>();
  /** Why nothing more will be heard: for those who wait, and those who come to wait later. */
  let broken: Error | undefined;
  readEvents(events, listeners).catch((error: unknown) => {
    if (closing.signal.aborted) return;
    broken = error instanceof Error ? error : new Error(String(error));
    for (const listener of [...listeners.values()].flatMap((set) => [...set])) listener(broken);
  });

  return {
    wait: async ({ id, subject }, condition, { timeout, signal }) => {
      const deadline = timeout === undefined ? undefined : AbortSignal.timeout(timeout);
      const stop = AbortSignal.any([signal, deadline].filter((s) => s !== undefined));
      let wake: (error?: Error) => void = () => {};
      let changed = new Promise<void>(() => {});
      const arm = () => {
        changed = new Promise((resolve, reject) => {
          wake = (error) => (error === undefined ? resolve() : reject(error));
        });
        changed.catch(() => {});
      };
      const listener = (error?: Error) => wake(error);
      const set = listeners.get(id) ?? new Set();
      listeners.set(id, set.add(listener));
      const aborted = () => wake(deadline?.aborted ? notInTime(subject, timeout ?? 0) : asError(signal?.reason));
      stop.addEventListener("abort", aborted);
      try {
        for (;;) {
          arm();
          if (stop.aborted) aborted();
          if (broken !== undefined) wake(broken);
          const inspect = await inspectContainer(engine, id, subject);
          const failure = judge(inspect, condition, subject);
          if (failure === "met") return;
          if (failure !== "pending") throw new StepError(failure, await gatherEvidence(engine, inspect, subject));
          await changed;
        }
      } finally {
        stop.removeEventListener("abort", aborted);
        set.delete(listener);
      }
    },
    close: () => closing.abort(),
  };
}

async function readEvents(
  events: AsyncIterable<EngineEvent>,
  listeners: ReadonlyMap<string, ReadonlySet<(error?: Error) => void>>,
): Promise<void> {
  for await (const { Actor } of events) for (const listener of listeners.get(Actor.ID) ?? []) listener();
  throw new EngineError("the engine closed its stream of events");
}

async function inspectContainer(engine: Engine, id: string, subject: Subject): Promise<ContainerInspect> {
  try {
    return await engine.containerInspect({ id });
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) {
      throw new StepError(`container ${subject.name} was removed while it was waited for`, []);
    }
    throw error;
  }
}

/**
 * Whether a container meets a condition: `met`, `pending`, or why it never will. A container without a health check that
 * ended with 0 counts as running for `running_or_healthy`: it did what it was made for.
 */
export function judge(
  { State: state }: Pick<ContainerInspect, "State">,
  condition: WaitCondition,
  { name, service }: Subject,
): "met" | "pending" | string {
  const ended = (state.Status === "exited" || state.Status === "dead") && !state.Restarting;
  if (condition === "completed") {
    if (!ended) return "pending";
    if (state.ExitCode === 0) return "met";
    const who = service === undefined ? `hook ${name}` : `service "${service}"`;
    return `${who} didn't complete successfully: exit ${state.ExitCode}`;
  }
  const health = state.Health?.Status;
  const hasHealth = health !== undefined && health !== "none";
  if (condition === "running_or_healthy" && !hasHealth) {
    if (ended) return state.ExitCode === 0 ? "met" : `container ${name} exited (${state.ExitCode})`;
    return state.Running && !state.Restarting ? "met" : "pending";
  }
  if (ended) return `dependency failed to start: container ${name} exited (${state.ExitCode})`;
  if (!hasHealth) return `dependency failed to start: container ${name} has no healthcheck configured`;
  if (health === "unhealthy") return `dependency failed to start: container ${name} is unhealthy`;
  return health === "healthy" ? "met" : "pending";
}

async function gatherEvidence(
  engine: Engine,
  inspect: ContainerInspect,
  subject: Subject,
): Promise<readonly Evidence[]> {
  const probe = inspect.State.Health?.Log?.at(-1);
  const evidence: Evidence[] = [];
  if (probe !== undefined) {
    const title = `last health check of ${subject.name} (exit ${probe.ExitCode})`;
    evidence.push({ title, lines: splitLines(probe.Output).slice(-shownLines) });
  }
  const lines = await lastLines(engine, inspect).catch(() => []);
  evidence.push({ title: `last log lines of ${subject.name}`, lines });
  return evidence;
}

async function lastLines(engine: Engine, { Id: id, Config }: ContainerInspect): Promise<readonly string[]> {
  const frames = await engine.containerLogs({
    id,
    tty: Config.Tty === true,
    stdout: true,
    stderr: true,
    tail: String(shownLines),
  });
  const chunks: Buffer[] = [];
  for await (const { data } of frames) chunks.push(data);
  return splitLines(Buffer.concat(chunks).toString("utf8"));
}

function splitLines(text: string): readonly string[] {
  return text.split(/\r?\n/).filter((line) => line.trim() !== "");
}

function notInTime({ name }: Subject, timeout: number): Error {
  return new StepError(`application not healthy after ${timeout / 1000}s: ${name} is still waited for`, []);
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("interrupted");
}
