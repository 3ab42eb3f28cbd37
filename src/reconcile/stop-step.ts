import type { ProjectModel } from "../compose/model.ts";
import { isRunning, serviceOf, subjectOf } from "./containers.ts";
import type { Draft } from "./draft.ts";
import { addHooks } from "./hooks.ts";
import type { ObservedContainer } from "./plan.ts";

export interface StopReason {
  readonly why: string;
  readonly after: readonly number[];
  /** Seconds until it is killed; undefined: its own grace period. */
  readonly timeout: number | undefined;
}

/** Adds the stop of a running container, behind its pre_stop hooks; gives the stop's number, if it runs. */
export function addStopStep(
  steps: Draft,
  model: ProjectModel | undefined,
  container: ObservedContainer,
  { why, after, timeout }: StopReason,
): number | undefined {
  if (!isRunning(container)) return undefined;
  const name = serviceOf(container);
  const service = model?.services.get(name) ?? model?.disabled_services.get(name);
  const target = { id: container.summary.Id };
  const subject = subjectOf(container);
  return steps.add({
    op: "stop-container",
    container: target,
    subject,
    why,
    after: addHooks(steps, "pre_stop", service, { container: target, subject, after }),
    ...(timeout !== undefined && { timeout }),
  });
}
