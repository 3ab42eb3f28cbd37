import type { ContainerSummary, Engine } from "../engine/api.ts";
import { nameOf } from "../reconcile/containers.ts";
import { labels } from "../reconcile/labels.ts";
import { compareNames } from "../ui/compare-names.ts";

export interface ContainerQuery {
  /** Stopped ones too. */
  readonly all: boolean;
  /** The containers of `run` too. */
  readonly oneOffs?: boolean;
  /** Only these services; none means all. */
  readonly services?: readonly string[];
}

/** The containers of a project, ordered by name. */
export async function listContainers(
  engine: Engine,
  project: string,
  { all, oneOffs, services = [] }: ContainerQuery,
): Promise<ContainerSummary[]> {
  const label = [
    `${labels.project}=${project}`,
    labels.configHash,
    ...(oneOffs === true ? [] : [`${labels.oneoff}=False`]),
  ];
  const wanted = new Set(services);
  const containers = await engine.containerList({ all, filters: { label } });
  return containers
    .filter(({ Labels }) => wanted.size === 0 || wanted.has(Labels[labels.service] ?? ""))
    .toSorted((a, b) => compareNames(nameOf(a), nameOf(b)));
}
