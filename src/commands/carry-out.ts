import { ProjectError } from "../errors.ts";
import { execute } from "../reconcile/execute.ts";
import { formatPlan, planJson } from "../reconcile/format.ts";
import type { Outcome, Plan, Planned } from "../reconcile/plan.ts";
import type { Progress } from "../ui/progress.ts";
import { catchInterrupts } from "./interrupts.ts";
import { openProgressFor, type ProgressFlags } from "./screen.ts";
import type { Globals } from "./global-flags.ts";
import { warn } from "./project.ts";
import type { Session } from "./session.ts";

/** The plan of what a planner found, after its warnings are printed. Throws ProjectError where it found errors. */
export function settled({ plan, errors, warnings }: Planned, flags: Globals): Plan {
  warn(warnings, flags);
  if (errors.length > 0) throw new ProjectError(errors);
  return plan;
}

/**
 * What most verbs do with a plan: `--dry-run` prints it, else it is carried out with progress on the screen. Throws the
 * errors of all steps that failed.
 */
export async function perform(session: Session, planned: Planned, flags: Globals & ProgressFlags): Promise<void> {
  const plan = settled(planned, flags);
  if (flags["dry-run"]) {
    printPlans([plan], flags);
    return;
  }
  using interrupts = catchInterrupts();
  const progress = await openProgressFor(flags);
  throwFailures(await carryOut(session, plan, { progress, signal: interrupts.first }));
}
