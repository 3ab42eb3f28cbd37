import { describe, expect, it } from "vitest";
import { graphMermaid } from "../../../src/commands/graph/graph-mermaid.ts";
import { graphSvg } from "../../../src/commands/graph/graph-svg.ts";
import { graphText } from "../../../src/commands/graph/graph-text.ts";
import { projectGraph } from "../../../src/commands/graph/project-graph.ts";
import { projectOf } from "../../reconcile/project.ts";

const graph = projectGraph(
  projectOf(`
services:
  web:
    image: nginx:1
    ports: ["8080:80"]
    scale: 2
    depends_on: {db: {condition: service_healthy}, cache: {condition: service_started, required: false}}
    volumes: ["static:/srv:ro", "./here:/there"]
  db: {image: "postgres:17", volumes: ["data:/var/lib/data"], networks: [back]}
  cache: {image: "a<b>"}
networks: {back: {driver: bridge}}
volumes: {data: {}, static: {external: true}}
`),
);

describe("the graph of a project", () => {
  it("is drawn as text, what is depended on first", () => {
    expect(graphText(graph)).toBe(`shop

db  postgres:17
├─ network back
└─ volume data at /var/lib/data

cache  a<b>
└─ network default

web  nginx:1  8080:80  × 2
├─ needs db (healthy)
├─ needs cache (optional)
├─ network default
└─ volume static at /srv (read-only)
`);
  });

  it("is drawn as Mermaid, with letters of its own kept out of the names", () => {
    const lines = graphMermaid(graph).split("\n");
    expect(lines[0]).toBe("flowchart LR");
    expect(lines).toContain('  service0["web<br/>nginx:1<br/>8080:80<br/>× 2"]');
    expect(lines).toContain('  service2["cache<br/>a#60;b#62;"]');
    expect(lines).toContain('  service0 -->|"healthy"| service1');
    expect(lines).toContain("  service0 -.-> service2");
  });

  it("is drawn as an SVG image, every thing in it, what is depended on further left", () => {
    const svg = graphSvg(graph);
    expect(svg.match(/<g>/g)).toHaveLength(graph.nodes.length);
    expect(svg.match(/marker-end/g)).toHaveLength(graph.edges.length);
    expect(svg).toContain("a&lt;b&gt;");
    const xOf = (title: string) => Number(new RegExp(`<title>${title}[^<]*</title><rect x="(\\d+)"`).exec(svg)?.[1]);
    expect(xOf("service db")).toBeLessThan(xOf("service web"));
    expect(xOf("service web")).toBeLessThan(xOf("volume data"));
  });
});
