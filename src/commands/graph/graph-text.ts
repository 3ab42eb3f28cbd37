import type { GraphEdge, ProjectGraph } from "./project-graph.ts";

/** A project's graph for the terminal: each service, and below it what it hangs on. */
export function graphText({ project, nodes, edges }: ProjectGraph): string {
  const services = nodes.filter(({ kind }) => kind === "service").toSorted((a, b) => a.level - b.level);
  const lines = services.flatMap((service) => {
    const own = edges.filter(({ from }) => from === service);
    const head = [service.name, ...service.details].join("  ");
    return [head, ...own.map((edge, i) => `${i === own.length - 1 ? "└─" : "├─"} ${edgeText(edge)}`), ""];
  });
  return [project, "", ...lines].join("\n");
}

function edgeText({ to, label, optional }: GraphEdge): string {
  if (to.kind === "network") return `network ${to.name}`;
  if (to.kind === "volume") return `volume ${to.name} at ${label}`;
  const condition = [...(label === "" ? [] : [label]), ...(optional ? ["optional"] : [])].join(", ");
  return `needs ${to.name}${condition === "" ? "" : ` (${condition})`}`;
}
