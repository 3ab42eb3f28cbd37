import type { ProjectModel, Service } from "../compose/model.ts";
import type { Diagnostic, Span } from "../errors.ts";
import type { Decision } from "./decide.ts";
import type { Draft } from "./draft.ts";
import type { ContainerTarget, Observed, Question, Subject } from "./plan.ts";
import type { UpOptions } from "./up-options.ts";

/** A container of a service as it will be, and the steps by which it gets there. */
export interface Placed {
  readonly subject: Subject;
  readonly target: ContainerTarget;
  /** How a body refers to it: `container:<id>`, or `container:{step N}`. */
  readonly reference: string;
  /** The steps after which it is there, runs, and had its hooks; empty when it needs none. */
  readonly ready: readonly number[];
  /** Whether this plan starts it. */
  readonly starts: boolean;
  /** Whether it stands as it was, and is known to be healthy, or to have completed. */
  readonly settled: { readonly healthy: boolean; readonly completed: boolean; readonly hasNoHealth: boolean };
}

/** What the parts of planning `up` share. The draft and the lists grow while it is planned. */
export interface UpState {
  /** The project as far as it is selected. */
  readonly model: ProjectModel;
  readonly observed: Observed;
  readonly options: UpOptions;
  readonly draft: Draft;
  readonly decisions: ReadonlyMap<string, readonly Decision[]>;
  readonly errors: Diagnostic[];
  readonly warnings: Diagnostic[];
  readonly questions: Question[];
  /** Name of a network on the engine → the step that makes it; absent: it is there. */
  readonly networkSteps: Map<string, number>;
  readonly volumeSteps: Map<string, number>;
  /** Id of an existing container → the last step that stops or removes it. */
  readonly stopped: Map<string, number>;
  readonly removed: Map<string, number>;
  /** Published port (`tcp/8080`) → the step after which its present holder has let go of it. */
  readonly freedPorts: Map<string, number>;
  readonly placed: Map<string, readonly Placed[]>;
  /** `condition/container` → the step that waits for it, so that dependents share it. */
  readonly waits: Map<string, number>;
}

/** A finding about a service's attribute. */
export function finding(
  state: Pick<UpState, "options">,
  severity: Diagnostic["severity"],
  code: string,
  message: string,
  path: readonly (string | number)[],
): Diagnostic {
  const span: Span | undefined = state.options.locate?.(path);
  return { severity, code, message, ...(span && { span }) };
}

/** Whether a service was asked for, rather than needed by one that was. */
export function isNamed({ options }: Pick<UpState, "options">, service: Service): boolean {
  return options.services === undefined || options.services.length === 0 || options.services.includes(service.name);
}
