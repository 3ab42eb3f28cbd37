import { dependencyGraph } from "../../compose/graph.ts";
import type { Port, ProjectModel } from "../../compose/model.ts";
import { imageReference, replicas } from "../../reconcile/names.ts";

export interface GraphNode {
  readonly kind: "service" | "network" | "volume";
  /** The key in the files. */
  readonly name: string;
  /** A service's image, ports and number; a network's or volume's driver. */
  readonly details: readonly string[];
  /** Services stand on or behind the level of what they depend on, from 0; resources are behind all services. */
  readonly level: number;
}

export interface GraphEdge {
  readonly from: GraphNode;
  readonly to: GraphNode;
  /** What is waited for (`healthy`), where a volume is mounted; empty: nothing to say. */
  readonly label: string;
  /** The service goes on where the other is not there. */
  readonly optional: boolean;
}

export interface ProjectGraph {
  readonly project: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

const conditions = {
  service_started: "",
  service_healthy: "healthy",
  service_completed_successfully: "completed",
} as const;

/** What a project consists of, and how it hangs together: services, networks, named volumes, conditions. */
export function projectGraph(project: ProjectModel): ProjectGraph {
  const { order } = dependencyGraph(project.services);
  const levels = new Map(order.flatMap((names, level) => names.map((name): [string, number] => [name, level])));
  const services = new Map(
    [...project.services.values()].map((service): [string, GraphNode] => {
      const count = replicas(service);
      const details = [
        service.provider === undefined ? imageReference(project, service) : `provider ${service.provider.type}`,
        ...(service.ports ?? []).map(portText),
        ...(count === 1 ? [] : [`× ${count}`]),
      ];
      return [service.name, { kind: "service", name: service.name, details, level: levels.get(service.name) ?? 0 }];
    }),
  );
  const resources = (kind: "network" | "volume", all: ProjectModel["networks"] | ProjectModel["volumes"]) =>
    new Map(
      [...all].map(([name, { driver, external }]): [string, GraphNode] => {
        const details = [...(driver === undefined ? [] : [driver]), ...(external ? ["external"] : [])];
        return [name, { kind, name, details, level: order.length }];
      }),
    );
  const networks = resources("network", project.networks);
  const volumes = resources("volume", project.volumes);
  const edges: GraphEdge[] = [];
  const connect = (from: GraphNode, to: GraphNode | undefined, label: string, optional = false) => {
    if (to !== undefined) edges.push({ from, to, label, optional });
  };
  for (const service of project.services.values()) {
    const from = services.get(service.name);
    if (from === undefined) continue;
    for (const [name, { condition, required }] of service.depends_on ?? []) {
      connect(from, services.get(name), conditions[condition], !required);
    }
    for (const name of service.networks?.keys() ?? []) connect(from, networks.get(name), "");
    for (const { type, source = "", target, read_only } of service.volumes ?? []) {
      if (type === "volume") connect(from, volumes.get(source), `${target}${read_only ? " (read-only)" : ""}`);
    }
  }
  return {
    project: project.name,
    nodes: [...services.values(), ...networks.values(), ...volumes.values()],
    edges,
  };
}

function portText({ host_ip, published, target, protocol = "tcp" }: Port): string {
  const host = published === undefined ? "" : `${host_ip === undefined ? "" : `${host_ip}:`}${published}:`;
  return `${host}${target}${protocol === "tcp" ? "" : `/${protocol}`}`;
}
