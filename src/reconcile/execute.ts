import { InterruptedError } from "../errors.ts";
import { idOfTarget, type Means, perform } from "./perform.ts";
import type { Outcome, Plan, PlanEvent, Step } from "./plan.ts";
import { openWaiter, type Waiter } from "./wait.ts";

export interface ExecuteOptions extends Means {
  /** How many engine calls may be under way at once; absent or below 1: any number. Waits do not count. */
  readonly parallel?: number;
  /** No new step begins after it; waits, pulls and builds end, other engine calls under way are finished. */
  readonly signal?: AbortSignal;
  readonly emit: (event: PlanEvent) => void;
}

/**
 * Carries out a plan: each step as soon as those that it waits for have succeeded, everything independent at once. A failed
 * step's dependents are skipped, everything else is finished, and every error is in the outcome; an optional step's
 * failure is told, but changes nothing.
 */
export async function execute(plan: Plan, options: ExecuteOptions): Promise<Outcome> {
  const { emit, signal } = options;
  const created = new Map<number, string>();
  const errors: { step: Step; error: Error }[] = [];
  const dependents = dependentsOf(plan);
  const missing = new Map(plan.steps.map(({ id, after }) => [id, after.length]));
  const skipped = new Set<number>();
  const ready: Step[] = plan.steps.filter(({ after }) => after.length === 0);
  const limit = options.parallel !== undefined && options.parallel > 0 ? options.parallel : Number.POSITIVE_INFINITY;
  const hasWaits = plan.steps.some(({ op }) => op === "wait-container");
  const waiter = hasWaits && signal?.aborted !== true ? await openWaiter(options.engine, plan.project) : undefined;
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  let calls = 0;
  let underWay = 0;

  const skip = (step: Step, because: number) => {
    if (skipped.has(step.id)) return;
    skipped.add(step.id);
    emit({ type: "skipped", step, because, at: Date.now() });
    for (const dependent of dependents.get(step.id) ?? []) skip(dependent, step.id);
  };

  const settle = (step: Step) => {
    for (const dependent of dependents.get(step.id) ?? []) {
      const left = (missing.get(dependent.id) ?? 0) - 1;
      missing.set(dependent.id, left);
      if (left === 0 && !skipped.has(dependent.id)) ready.push(dependent);
    }
  };

  const run = async (step: Step) => {
    emit({ type: "started", step, at: Date.now() });
    try {
      const id = await carryOut(step, options, created, waiter);
      if (id !== undefined) created.set(step.id, id);
      emit({ type: "succeeded", step, at: Date.now(), ...(id !== undefined && { detail: id }) });
      settle(step);
    } catch (reason) {
      const error = reason instanceof Error ? reason : new Error(String(reason));
      emit({ type: "failed", step, error, at: Date.now() });
      if (step.optional === true && !(error instanceof InterruptedError)) settle(step);
      else {
        errors.push({ step, error });
        for (const dependent of dependents.get(step.id) ?? []) skip(dependent, step.id);
      }
    }
  };

  const advance = () => {
    if (signal?.aborted) for (const step of ready.splice(0)) skip(step, step.id);
    for (let index = 0; index < ready.length; ) {
      const step = ready[index];
      if (step === undefined) break;
      const isCall = step.op !== "wait-container";
      if (isCall && calls >= limit) {
        index++;
        continue;
      }
      ready.splice(index, 1);
      underWay++;
      if (isCall) calls++;
      void run(step).then(() => {
        underWay--;
        if (isCall) calls--;
        advance();
      });
    }
    if (underWay === 0) finish();
  };

  try {
    advance();
    await finished;
  } finally {
    waiter?.close();
  }
  errors.sort((a, b) => a.step.id - b.step.id);
  return { ok: errors.length === 0 && skipped.size === 0, errors, created };
}

async function carryOut(
  step: Step,
  options: ExecuteOptions,
  created: ReadonlyMap<number, string>,
  waiter: Waiter | undefined,
): Promise<string | undefined> {
  if (step.op !== "wait-container") {
    return perform(step, options, created, {
      progress: (progress) => options.emit({ type: "progress", step, at: Date.now(), ...progress }),
      warning: (text) => options.emit({ type: "warned", step, at: Date.now(), text }),
    });
  }
  const container = { id: idOfTarget(step.container, created), subject: step.subject };
  await waiter?.wait(container, step.condition, {
    ...(step.timeout !== undefined && { timeout: step.timeout }),
    ...(options.signal !== undefined && { signal: options.signal }),
  });
  return undefined;
}

function dependentsOf(plan: Plan): ReadonlyMap<number, readonly Step[]> {
  const dependents = new Map<number, Step[]>();
  for (const step of plan.steps) {
    for (const before of step.after) {
      const list = dependents.get(before) ?? [];
      list.push(step);
      dependents.set(before, list);
    }
  }
  return dependents;
}
