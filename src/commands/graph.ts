import type { Answer } from "./answer.ts";
import { graphMermaid } from "./graph/graph-mermaid.ts";
import { graphSvg } from "./graph/graph-svg.ts";
import { graphText } from "./graph/graph-text.ts";
import { projectGraph } from "./graph/project-graph.ts";
import { loadProject } from "./project.ts";
import { Flags, serviceArgs, Verb } from "./verb.ts";

const forms = { text: graphText, mermaid: graphMermaid, svg: graphSvg } as const;

/** `gantry graph`: draws the project. Asks no engine. */
export default class Graph extends Verb {
  static override summary = "Draw the project: services, networks, volumes";
  static override args = serviceArgs;
  static override flags = {
    format: Flags.option({
      options: ["text", "mermaid", "svg"] as const,
      default: "text",
      description: "what to draw it as",
    })(),
  };

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Graph);
    const graph = projectGraph(await loadProject(flags, { services: args.services, dependencies: true }));
    if (!flags.json) process.stdout.write(forms[flags.format](graph));
    return { data: asData(graph) };
  }
}

/** The graph with names in place of nodes. */
function asData({ project, nodes, edges }: ReturnType<typeof projectGraph>): object {
  return {
    project,
    nodes: nodes.map(({ kind, name, details }) => ({ kind, name, details })),
    edges: edges.map(({ from, to, label, optional }) => ({
      from: { kind: from.kind, name: from.name },
      to: { kind: to.kind, name: to.name },
      ...(label !== "" && { label }),
      ...(optional && { optional }),
    })),
  };
}
