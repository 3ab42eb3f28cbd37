import type { ProjectModel } from "../compose/model.ts";
import { unknownServices } from "./chosen.ts";
import { isOneOff, isRunning, serviceOf, subjectOf } from "./containers.ts";
import { draft } from "./draft.ts";
import type { Observed, Planned } from "./plan.ts";

export interface KillOptions {
  /** Empty: all. */
  readonly services?: readonly string[];
  /** `SIGHUP`, `HUP` or a number; absent: SIGKILL. */
  readonly signal?: string;
  /** The containers of `run` too. */
  readonly oneOffs?: boolean;
  /** Containers too whose service is gone. */
  readonly orphans?: boolean;
}

/**
 * Plans `kill`: a signal to every running container, at once.
 *
 * @param model undefined: only the project's name is known, and no container is an orphan
 */
export function planKill(model: ProjectModel | undefined, observed: Observed, options: KillOptions): Planned {
  const { services = [], signal, oneOffs, orphans } = options;
  const steps = draft(observed.project);
  const errors = unknownServices(model, observed, services);
  if (errors.length > 0) return { plan: steps.plan(), errors, warnings: [], questions: [] };
  const isDeclared = (name: string) =>
    model === undefined || model.services.has(name) || model.disabled_services.has(name);
  for (const container of observed.containers.filter(isRunning)) {
    const service = serviceOf(container);
    if (services.length > 0 && !services.includes(service)) continue;
    if (isOneOff(container) && oneOffs !== true) continue;
    if (!isDeclared(service) && orphans !== true && !services.includes(service)) continue;
    steps.add({
      op: "kill-container",
      container: { id: container.summary.Id },
      subject: subjectOf(container),
      why: signal === undefined ? "kill" : `kill --signal ${signal}`,
      after: [],
      ...(signal !== undefined && { signal }),
    });
  }
  return { plan: steps.plan(), errors: [], warnings: [], questions: [] };
}
