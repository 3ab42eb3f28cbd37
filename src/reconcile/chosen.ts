import type { ProjectModel } from "../compose/model.ts";
import { suggestion } from "../compose/nearest.ts";
import { isOneOff, serviceOf } from "./containers.ts";
import type { Finding } from "./finding.ts";
import type { Observed, ObservedContainer } from "./plan.ts";

/** Which containers a verb works on. */
export interface ChosenOptions {
  /** Empty: all. */
  readonly services?: readonly string[];
  /** Seconds until a container is killed; absent: its own grace period. */
  readonly timeout?: number;
}

/** The containers of the chosen services by service, one-offs left out. */
export function chosenContainers(
  observed: Observed,
  services: readonly string[] = [],
): ReadonlyMap<string, readonly ObservedContainer[]> {
  const chosen = observed.containers.filter(
    (container) => !isOneOff(container) && (services.length === 0 || services.includes(serviceOf(container))),
  );
  return Map.groupBy(chosen, serviceOf);
}

/** Services in the order of their dependencies; those that the graph does not know come last. */
export function inOrder(
  order: readonly (readonly string[])[],
  chosen: ReadonlyMap<string, unknown>,
): readonly string[] {
  return [...new Set([...order.flat(), ...chosen.keys()])];
}

/** A finding for each name that neither the files nor a container of the project has. */
export function unknownServices(
  model: ProjectModel | undefined,
  observed: Observed,
  names: Iterable<string> = [],
): readonly Finding[] {
  const known = new Set([
    ...(model?.services.keys() ?? []),
    ...(model?.disabled_services.keys() ?? []),
    ...observed.containers.map(serviceOf),
  ]);
  return [...names]
    .filter((name) => !known.has(name))
    .map((name) => {
      const hint = suggestion(name, known);
      return {
        severity: "error",
        code: "undefined-service",
        message: `no such service: ${name}`,
        ...(hint !== undefined && { hint }),
      };
    });
}

/** A finding for each service that was asked for, by name or by leaving names out, and that does not exist or has no container. */
export function missingContainers(
  model: ProjectModel | undefined,
  observed: Observed,
  services: readonly string[] = [],
): readonly Finding[] {
  const unknown = unknownServices(model, observed, services);
  if (unknown.length > 0) return unknown;
  const chosen = chosenContainers(observed);
  const wanted = services.length > 0 ? services : chosen.size === 0 ? [...(model?.services.keys() ?? [])] : [];
  return wanted
    .filter((name) => !chosen.has(name))
    .map((name) => ({
      severity: "error",
      code: "no-container",
      message: `service "${name}" has no container`,
      hint: "create it with `gantry up`",
    }));
}
