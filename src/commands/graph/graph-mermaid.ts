import type { GraphNode, ProjectGraph } from "./project-graph.ts";

const shapes = { service: ['["', '"]'], network: ['{{"', '"}}'], volume: ['[("', '")]'] } as const;

/** A project's graph as a Mermaid flowchart, as READMEs show it. Source: https://mermaid.js.org/syntax/flowchart.html */
export function graphMermaid({ nodes, edges }: ProjectGraph): string {
  const ids = new Map(nodes.map((node, i) => [node, `${node.kind}${i}`]));
  const idOf = (node: GraphNode) => ids.get(node) ?? "";
  const shown = nodes.map((node) => {
    const [open, close] = shapes[node.kind];
    return `  ${idOf(node)}${open}${[node.name, ...node.details].map(escaped).join("<br/>")}${close}`;
  });
  const drawn = edges.map(({ from, to, label, optional }) => {
    const arrow = to.kind === "service" && !optional ? "-->" : "-.->";
    return `  ${idOf(from)} ${arrow}${label === "" ? "" : `|"${escaped(label)}"|`} ${idOf(to)}`;
  });
  return `${["flowchart LR", ...shown, ...drawn].join("\n")}\n`;
}

/** Mermaid's entities. */
function escaped(text: string): string {
  return text.replace(/[#"<>&]/g, (letter) => `#${letter.codePointAt(0)};`);
}
