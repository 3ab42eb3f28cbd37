import { InterruptedError, ProjectError } from "../errors.ts";
import { execute } from "../reconcile/execute.ts";
import { formatPlan, planJson } from "../reconcile/format.ts";
import type { Means } from "../reconcile/perform.ts";
import type { Outcome, Plan, Planned, Step } from "../reconcile/plan.ts";
import { StepError } from "../reconcile/step-error.ts";
import type { Progress } from "../ui/progress.ts";
import type { Globals } from "./global-flags.ts";
import { catchInterrupt } from "./interrupts.ts";
import { meansOf } from "./means.ts";
import { openProgressFor, type ProgressFlags } from "./screen.ts";
import type { Session } from "./session.ts";
import { warn } from "./warnings.ts";

/** The plan of what a planner found, after its warnings are told. Throws ProjectError where it found errors. */
export function settled({ plan, errors, warnings }: Planned, flags: Globals): Plan {
  warn(warnings, flags);
  if (errors.length > 0) throw new ProjectError(errors);
  return plan;
}

/**
 * What most verbs do with a plan: `--dry-run` prints it, else it is carried out with progress on the screen. Answers with
 * the plan, or with what was changed.
 */
export async function finish(session: Session, planned: Planned, flags: Globals & ProgressFlags) {
  const plan = settled(planned, flags);
  if (flags["dry-run"]) {
    if (!flags.json) process.stdout.write(planText(plan));
    return { data: { plan: planJson(plan) } };
  }
  using interrupt = catchInterrupt();
  const progress = await openProgressFor(flags);
  await carryOut(session, plan, { progress, signal: interrupt.signal });
  return { data: { changes: progress.changes } };
}

/** A plan as text; a plan without steps says so. */
export function planText(plan: Plan): string {
  return plan.steps.length === 0 ? "nothing to do\n" : formatPlan(plan);
}

export interface CarryOutOptions extends Pick<Means, "beforeStart" | "offered"> {
  readonly progress: Progress;
  /** Ends the run in good order: what is under way is finished, nothing new begins. */
  readonly signal: AbortSignal;
}

/**
 * Carries out a plan and shows its progress; gives the ids of the containers that it made, by step. Throws the error of the step that failed, an AggregateError where several
 * did, InterruptedError where the signal was aborted.
 */
export async function carryOut(session: Session, plan: Plan, options: CarryOutOptions): Promise<Outcome["created"]> {
  const { progress, signal, beforeStart, offered } = options;
  progress.begin(plan);
  const outcome = await execute(plan, {
    ...meansOf(session, signal),
    ...(session.parallel !== undefined && { parallel: session.parallel }),
    ...(beforeStart && { beforeStart }),
    ...(offered && { offered }),
    signal,
    emit: progress.event,
  }).finally(() => progress.end());
  if (signal.aborted) throw new InterruptedError();
  const [first, ...others] = outcome.errors.map(({ step, error }) => placed(error, step, session));
  if (first !== undefined) throw others.length === 0 ? first : new AggregateError([first, ...others]);
  return outcome.created;
}

/** The error of a step as a finding about the place in the files that is to blame for it, where one is. */
function placed(error: Error, { subject }: Step, { loaded }: Session): Error {
  if (!(error instanceof StepError) || error.blame === undefined || subject.service === undefined) return error;
  const { path, code } = error.blame;
  const span = loaded?.locate(["services", subject.service, ...path]);
  if (span === undefined) return error;
  const { message, hint } = error;
  return new ProjectError([{ severity: "error", code, message, span, ...(hint !== undefined && { hint }) }]);
}
