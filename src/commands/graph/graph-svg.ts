import type { GraphEdge, GraphNode, ProjectGraph } from "./project-graph.ts";

/** Pixels. */
const box = { width: 200, line: 16, gapX: 110, gapY: 28, margin: 24 } as const;
const fills = { service: "#dbeafe", network: "#dcfce7", volume: "#fef3c7" } as const;

interface Placed {
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

/**
 * A project's graph as an SVG image that needs nothing else: what is depended on stands left of what depends on it,
 * networks and volumes on the right.
 */
export function graphSvg({ project, nodes, edges }: ProjectGraph): string {
  const places = place(nodes);
  const right = Math.max(0, ...[...places.values()].map(({ x }) => x + box.width)) + box.margin;
  const bottom = Math.max(0, ...[...places.values()].map(({ y, height }) => y + height)) + box.margin;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${right} ${bottom}" width="${right}" height="${bottom}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(project)}</title>`,
    `<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="#475569"/></marker></defs>`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    ...edges.map((edge) => edgeSvg(edge, places)),
    ...nodes.map((node) => nodeSvg(node, places)),
    "</svg>",
  ].join("\n")}\n`;
}

function place(nodes: readonly GraphNode[]): ReadonlyMap<GraphNode, Placed> {
  const places = new Map<GraphNode, Placed>();
  for (const [level, column] of Map.groupBy(nodes, (node) => node.level)) {
    let y: number = box.margin;
    for (const node of column) {
      const height = (node.details.length + 1) * box.line + 16;
      places.set(node, { x: box.margin + level * (box.width + box.gapX), y, height });
      y += height + box.gapY;
    }
  }
  return places;
}

function nodeSvg(node: GraphNode, places: ReadonlyMap<GraphNode, Placed>): string {
  const { x, y, height } = places.get(node) ?? { x: 0, y: 0, height: 0 };
  const lines = [node.name, ...node.details].map((text, i) => {
    const weight = i === 0 ? ' font-weight="bold"' : ' fill="#475569"';
    return `<text x="${x + 10}" y="${y + 20 + i * box.line}"${weight}>${escaped(shortened(text))}</text>`;
  });
  const corner = node.kind === "service" ? 4 : 14;
  const frame = `<rect x="${x}" y="${y}" width="${box.width}" height="${height}" rx="${corner}" fill="${fills[node.kind]}" stroke="#475569"/>`;
  return `<g><title>${escaped(`${node.kind} ${[node.name, ...node.details].join(" ")}`)}</title>${frame}${lines.join("")}</g>`;
}

function edgeSvg({ from, to, label, optional }: GraphEdge, places: ReadonlyMap<GraphNode, Placed>): string {
  const [a, b] = [places.get(from), places.get(to)];
  if (a === undefined || b === undefined) return "";
  const isRight = b.x > a.x;
  const start = { x: isRight ? a.x + box.width : a.x, y: a.y + a.height / 2 };
  const end = { x: isRight ? b.x : b.x + box.width, y: b.y + b.height / 2 };
  const bend = ((isRight ? 1 : -1) * box.gapX) / 2;
  const dash = to.kind !== "service" || optional ? ' stroke-dasharray="4 3"' : "";
  const path = `<path d="M${start.x} ${start.y}C${start.x + bend} ${start.y} ${end.x - bend} ${end.y} ${end.x} ${end.y}" fill="none" stroke="#475569"${dash} marker-end="url(#arrow)"/>`;
  if (label === "") return path;
  const at = `x="${(start.x + end.x) / 2}" y="${(start.y + end.y) / 2 - 4}"`;
  return `${path}<text ${at} text-anchor="middle" font-size="10" fill="#475569">${escaped(shortened(label, 18))}</text>`;
}

function shortened(text: string, most = 30): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
