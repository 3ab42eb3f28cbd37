import type { ProjectModel } from "../compose/model.ts";
import { hasEnded, isOneOff, serviceOf } from "./containers.ts";
import type { Observed, ObservedContainer } from "./plan.ts";

/**
 * Containers of the project whose service the files do not have (those of a service that is only disabled are none),
 * and one-off containers that have ended.
 */
export function orphansOf(observed: Observed, model: ProjectModel): readonly ObservedContainer[] {
  return observed.containers.filter((container) => {
    const service = serviceOf(container);
    const isKnown = model.services.has(service) || model.disabled_services.has(service);
    return isOneOff(container) ? hasEnded(container) : !isKnown;
  });
}
