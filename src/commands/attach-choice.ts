import type { ProjectModel } from "../compose/model.ts";
import { suggestion } from "../compose/nearest.ts";
import { UsageError } from "../errors.ts";

/** Whose output `up` shows: see attachedServices. */
export interface AttachChoice {
  /** Named on the command line; none means all. */
  readonly services: readonly string[];
  readonly attach: readonly string[];
  readonly noAttach: readonly string[];
  readonly dependencies: boolean;
}

/**
 * The services whose output is shown: those of `--attach`; else with `--attach-dependencies` all that take part, else
 * those named on the command line (none: all), without those that the file says `attach: false` of. Never those of
 * `--no-attach`. Throws UsageError for a name that no service has.
 */
export function attachedServices(project: ProjectModel, choice: AttachChoice): ReadonlySet<string> {
  const { services, attach, noAttach, dependencies } = choice;
  const unknown = [...attach, ...noAttach].find((name) => !project.services.has(name));
  if (unknown !== undefined) throw unknownService(unknown, project.services.keys());
  const named = services.length === 0 || dependencies ? [...project.services.keys()] : services;
  const wanted = attach.length > 0 ? attach : named.filter((name) => project.services.get(name)?.attach !== false);
  return new Set(wanted.filter((name) => !noAttach.includes(name)));
}

/** The error for a flag's value that is no service, with the nearest one. */
export function unknownService(name: string, known: Iterable<string>): UsageError {
  const hint = suggestion(name, known);
  return new UsageError(`no such service: ${name}`, hint === undefined ? {} : { hint });
}
