import { isMap, isScalar, isSeq, parseDocument, type Node as YamlNode } from "yaml";
import { canonical } from "../../src/compose/canonical.ts";
import { decode } from "../../src/compose/decode.ts";
import { setDefaults } from "../../src/compose/defaults.ts";
import type { ProjectModel } from "../../src/compose/model.ts";
import { type MappingNode, mappingNode, type Node, sequenceNode } from "../../src/compose/node.ts";
import { normalise, resolveEnvironment } from "../../src/compose/normalise.ts";
import { resolvePaths } from "../../src/compose/paths.ts";
import type { Span } from "../../src/errors.ts";

/**
 * The model of one compose file without includes, variables and env files, as if it were /srv/shop/compose.yaml of the
 * project `shop`.
 */
export function projectOf(text: string, environment: ReadonlyMap<string, string> = new Map()): ProjectModel {
  const span: Span = { source: { path: "/srv/shop/compose.yaml", text }, start: 0, end: 0 };
  const long = canonical(nodeOf(parseDocument(text).contents, span) as MappingNode, { lenient: false });
  const placed = resolvePaths(setDefaults(long.node), "/srv/shop", "/root");
  const document = normalise(resolveEnvironment(placed.node, environment), "shop", environment);
  const { project, diagnostics } = decode(document, {
    name: "shop",
    working_dir: "/srv/shop",
    compose_files: ["/srv/shop/compose.yaml"],
    env_files: [],
    environment,
  });
  const all = [...long.diagnostics, ...placed.diagnostics, ...diagnostics];
  if (all.length > 0) throw new Error(all.map(({ message }) => message).join("\n"));
  return project;
}

function nodeOf(node: YamlNode | null, span: Span): Node {
  if (isMap<YamlNode, YamlNode>(node)) {
    return mappingNode(
      node.items.map(({ key, value }) => [String(key), nodeOf(value, span)]),
      span,
    );
  }
  if (isSeq<YamlNode>(node))
    return sequenceNode(
      node.items.map((item) => nodeOf(item, span)),
      span,
    );
  const value = isScalar(node) ? node.value : null;
  if (typeof value === "string") return { kind: "scalar", type: "string", value, text: value, span };
  if (typeof value === "boolean") return { kind: "scalar", type: "bool", value, text: String(value), span };
  if (typeof value === "number") {
    return { kind: "scalar", type: Number.isInteger(value) ? "int" : "float", value, text: String(value), span };
  }
  return { kind: "scalar", type: "null", value: null, text: "", span };
}
