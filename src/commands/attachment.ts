import type { ProjectModel } from "../compose/model.ts";
import type { Engine } from "../engine/api.ts";
import { isRunning, nameOf, serviceOf } from "../reconcile/containers.ts";
import type { Observed, Plan, Step } from "../reconcile/plan.ts";
import { attachOutput } from "./container-output.ts";
import type { Following } from "./follow.ts";
import { shortName } from "./show-logs.ts";

export interface AttachmentOptions {
  readonly engine: Engine;
  readonly model: ProjectModel;
  readonly following: Following;
  /** Services whose output is shown; of the others only the exits matter. */
  readonly attached: ReadonlySet<string>;
  /** Told the names of what is attached, in order, before anything starts. */
  readonly announce: (names: readonly string[]) => void;
  readonly signal: AbortSignal;
}

/** What attaches `up` to its containers, as the hooks of bringUp and execute. */
export interface Attachment {
  /** Attaches to what runs and stays. */
  prepare(plan: Plan, observed: Observed): Promise<void>;
  /** Attaches to what is about to start, so that its first line is not lost. */
  beforeStart(container: { readonly id: string; readonly step: Step }): Promise<void>;
}

export function attachment({ engine, model, following, attached, announce, signal }: AttachmentOptions): Attachment {
  const attach = async (id: string, fullName: string, service: string) => {
    const name = shortName(fullName, model.name);
    const tty = model.services.get(service)?.tty === true;
    const output = attached.has(service) ? await attachOutput(engine, { id, name, tty }, signal) : undefined;
    following.add({ id, name }, output, true);
  };

  return {
    prepare: async (plan, observed) => {
      const touched = new Set(plan.steps.map(({ subject }) => subject.name));
      const staying = observed.containers.filter(
        (container) =>
          isRunning(container) && !touched.has(nameOf(container.summary)) && model.services.has(serviceOf(container)),
      );
      const starting = plan.steps.filter(({ op }) => op === "start-container" || op === "restart-container");
      const named = [
        ...staying.map((container) => ({ name: nameOf(container.summary), service: serviceOf(container) })),
        ...starting.map(({ subject }) => ({ name: subject.name, service: subject.service ?? "" })),
      ];
      const heard = named.filter(({ service }) => attached.has(service));
      announce(heard.map(({ name }) => shortName(name, model.name)).toSorted());
      await Promise.all(
        staying.map((container) => attach(container.summary.Id, nameOf(container.summary), serviceOf(container))),
      );
    },
    beforeStart: ({ id, step }) => attach(id, step.subject.name, step.subject.service ?? ""),
  };
}
