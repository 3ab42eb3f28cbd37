import type { Port, ProjectModel, Service } from "../compose/model.ts";
import { imageReference } from "../reconcile/names.ts";

export interface DotOptions {
  readonly image: boolean;
  readonly networks: boolean;
  readonly ports: boolean;
  /** One level's. */
  readonly indent: string;
}

/**
 * The project in Graphviz' language, as `docker compose alpha viz` writes it: a node for each service, an edge to each
 * that it depends on. Source: https://graphviz.org/doc/info/lang.html
 */
export function dotOf(project: ProjectModel, options: DotOptions): string {
  const { indent } = options;
  const services = [...project.services.values()];
  const edges = services.flatMap(({ name, depends_on }) =>
    [...(depends_on?.keys() ?? [])].sort().map((other) => `${indent}${quoted(name)} -> ${quoted(other)};`),
  );
  return [
    `digraph ${quoted(project.name)} {`,
    `${indent}layout=dot;`,
    ...services.map((service) => `${indent}${nodeOf(project, service, options)}`),
    "",
    ...edges,
    "}",
    "",
  ].join("\n");
}

function nodeOf(project: ProjectModel, service: Service, { image, networks, ports }: DotOptions): string {
  const details = [
    ...(networks ? [["Networks", ...[...(service.networks?.keys() ?? [])].sort()]] : []),
    ...(ports ? [["Ports", ...(service.ports ?? []).map(portText)]] : []),
    ...(image ? [["Image", imageReference(project, service)]] : []),
  ].filter(({ length }) => length > 1);
  const lines = details.map(
    ([title, ...texts]) =>
      `<font point-size="10"><br/><br/><b>${title}:</b>${texts.map((text) => `<br/>${escaped(text)}`).join("")}</font>`,
  );
  const label = `<<font point-size="15">${escaped(service.name)}</font>${lines.join("")}>`;
  return `${quoted(service.name)} [style="filled" label=${label}];`;
}

function portText({ host_ip, published, target, protocol = "tcp", mode = "ingress" }: Port): string {
  const address = host_ip === undefined ? "" : `${host_ip}:`;
  return `${address}${published ?? ""}:${target} (${protocol}, ${mode})`;
}

function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** Text inside of a label in HTML. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
