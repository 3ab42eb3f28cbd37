import type { ProjectModel, Service } from "../compose/model.ts";
import type { Severity, Span } from "../errors.ts";
import type { Conditions } from "./conditions.ts";
import type { Decision } from "./decide.ts";
import type { Finding, FindingCode } from "./finding.ts";
import type { Observed, Question } from "./plan.ts";
import type { UpOptions } from "./up-options.ts";

/** What the parts of planning `up` share. The draft and the lists grow while it is planned. */
export interface UpState extends Conditions {
  /** The project as far as it is selected. */
  readonly model: ProjectModel;
  readonly observed: Observed;
  readonly options: UpOptions;
  readonly decisions: ReadonlyMap<string, readonly Decision[]>;
  readonly errors: Finding[];
  readonly warnings: Finding[];
  readonly questions: Question[];
  /** Name of a network on the engine → the step that makes it; absent: it is there. */
  readonly networkSteps: Map<string, number>;
  readonly volumeSteps: Map<string, number>;
  /** Id of an existing container → the last step that stops or removes it. */
  readonly stopped: Map<string, number>;
  readonly removed: Map<string, number>;
  /** Service → the steps behind its pre_start hooks. */
  readonly preStarted: Map<string, readonly number[]>;
  /** Published port (`tcp/8080`) → the step after which its present holder has let go of it. */
  readonly freedPorts: Map<string, number>;
  /** Name of an existing container → the step after which it is free. */
  readonly freedNames: Map<string, number>;
}

/** A finding about a service's attribute. */
export function finding(
  state: Pick<UpState, "options">,
  severity: Severity,
  code: FindingCode,
  message: string,
  path: readonly (string | number)[],
): Finding {
  const span: Span | undefined = state.options.locate?.(path);
  return { severity, code, message, ...(span && { span }) };
}

/** Whether a service was asked for, rather than needed by one that was. */
export function isNamed({ options }: Pick<UpState, "options">, service: Service): boolean {
  return options.services === undefined || options.services.length === 0 || options.services.includes(service.name);
}
