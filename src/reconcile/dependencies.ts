import type { Dependency, DependencyCondition, ProjectModel } from "../compose/model.ts";
import { serviceOf } from "./containers.ts";
import { labels } from "./labels.ts";
import type { Observed } from "./plan.ts";

/** Services by name, and what they depend on: what a dependency graph is made from. */
export type Edges = ReadonlyMap<string, { readonly depends_on?: ReadonlyMap<string, Dependency> }>;

const conditions: readonly DependencyCondition[] = [
  "service_started",
  "service_healthy",
  "service_completed_successfully",
];

/** Who depends on whom: by the files, else by the label that every container carries. */
export function dependencies(model: ProjectModel | undefined, observed: Observed): Edges {
  const edges = new Map<string, { depends_on: ReadonlyMap<string, Dependency> }>();
  for (const container of observed.containers) {
    const entries = (container.summary.Labels[labels.dependsOn] ?? "").split(",").filter((entry) => entry !== "");
    const dependsOn = new Map(
      entries.map((entry) => {
        const [name = "", condition, restart] = entry.split(":");
        const dependency: Dependency = {
          condition: conditions.find((known) => known === condition) ?? "service_started",
          required: true,
          restart: restart === "true",
          extensions: new Map(),
        };
        return [name, dependency] as const;
      }),
    );
    edges.set(serviceOf(container), { depends_on: dependsOn });
  }
  for (const [name, service] of [...(model?.services ?? []), ...(model?.disabled_services ?? [])]) {
    edges.set(name, { depends_on: service.depends_on ?? new Map() });
  }
  return edges;
}

/** Services that others wait for to complete. */
export function jobsOf(services: Edges): ReadonlySet<string> {
  const jobs = new Set<string>();
  for (const { depends_on } of services.values()) {
    for (const [name, { condition }] of depends_on ?? []) {
      if (condition === "service_completed_successfully") jobs.add(name);
    }
  }
  return jobs;
}
