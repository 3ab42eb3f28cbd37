import type { ContainerSummary, Engine } from "../engine/api.ts";
import { GantryError } from "../errors.ts";
import { labels } from "../reconcile/labels.ts";
import { listContainers } from "./list-containers.ts";
import { Flags } from "./verb.ts";

/** `--index`: which of a service's containers; 0, as absent, is the first. */
export function indexFlag() {
  return Flags.integer({ min: 0, helpValue: "<n>", description: "the service's container of this number" });
}

export interface Which {
  readonly service: string;
  readonly index?: number | undefined;
  /** Stopped ones too. */
  readonly all?: boolean;
}

/**
 * One container of a service: that of a number, else the first; one of `run` only where the service has no other.
 *
 * @throws GantryError where there is none
 */
export async function findContainer(engine: Engine, project: string, which: Which): Promise<ContainerSummary> {
  const { service, index, all = false } = which;
  const containers = await listContainers(engine, project, { all, oneOffs: true, services: [service] });
  const numberOf = ({ Labels }: ContainerSummary) => Number(Labels[labels.number] ?? Number.POSITIVE_INFINITY);
  const [first] = containers
    .filter((container) => !index || numberOf(container) === index)
    .toSorted((a, b) => numberOf(a) - numberOf(b));
  if (first !== undefined) return first;
  const what = index ? `running container #${index}` : "running";
  const hint = all ? "create it with `gantry up`" : "start it with `gantry up`";
  throw new GantryError(all ? `service "${service}" has no container` : `service "${service}" is not ${what}`, {
    hint,
  });
}
