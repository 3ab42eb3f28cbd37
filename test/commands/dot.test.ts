import { expect, it } from "vitest";
import { dotOf } from "../../src/commands/dot.ts";
import { projectOf } from "../reconcile/project.ts";

const project = projectOf(`
name: shop
services:
  web: {image: "nginx:1", ports: ["8080:80"], depends_on: [db], networks: [front, back]}
  db: {build: ., networks: [back]}
networks: {front: {}, back: {}}
`);

it("writes what docker compose 2.40 writes for Graphviz", () => {
  const plain = { image: false, networks: false, ports: false, indent: "\t" };
  expect(dotOf(project, plain)).toBe(`digraph "shop" {
\tlayout=dot;
\t"web" [style="filled" label=<<font point-size="15">web</font>>];
\t"db" [style="filled" label=<<font point-size="15">db</font>>];

\t"web" -> "db";
}
`);
});

it("adds networks, ports and images where they are asked for", () => {
  const text = dotOf(project, { image: true, networks: true, ports: true, indent: " " });
  const details = [
    '<font point-size="10"><br/><br/><b>Networks:</b><br/>back<br/>front</font>',
    '<font point-size="10"><br/><br/><b>Ports:</b><br/>8080:80 (tcp, ingress)</font>',
    '<font point-size="10"><br/><br/><b>Image:</b><br/>nginx:1</font>',
  ];
  expect(text).toContain(` "web" [style="filled" label=<<font point-size="15">web</font>${details.join("")}>];`);
  expect(text).toContain("<b>Image:</b><br/>shop-db</font>");
});
