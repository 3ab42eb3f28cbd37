import type { Diagnostic } from "../../errors.ts";
import type { Short } from "../attributes.ts";
import { type Code, problem, warning } from "../codes.ts";
import {
  boolNode,
  child,
  intNode,
  isString,
  type MappingNode,
  mappingNode,
  mapSequence,
  mapValues,
  type Node,
  nullNode,
  type SequenceNode,
  type StringNode,
  sequenceNode,
  stringNode,
  withEntry,
} from "../node.ts";
import { parseDevice } from "./devices.ts";
import { parseMount } from "./mounts.ts";
import type { Parsed } from "./parsed.ts";
import { parsePorts } from "./ports.ts";

/** A node in its long form, and what was found on the way; the messages do not yet name the attribute. */
export interface Expansion {
  readonly node: Node;
  readonly diagnostics?: readonly Diagnostic[];
}

/**
 * The long form of one node by the name of its short syntax. What is long already, or of a kind that the schema
 * refuses, stays as it is; so does what does not parse. Every made node bears the place that it was made from.
 */
export function expand(short: Short, node: Node): Expansion {
  return expansions[short](node);
}

const expansions: Readonly<Record<Short, (node: Node) => Expansion>> = {
  build: (node) => wrap(node, (text) => mappingNode([["context", text]], text.span)),
  contexts: (node) => fromPairs(node, "invalid-pair", (text) => `invalid value ${text}, expected key=value`),
  depends_on: expandDependencies,
  device: (node) => parsed(node, "invalid-device", parseDevice),
  env_file: expandEnvFiles,
  extends: (node) => wrap(node, (text) => mappingNode([["service", text]], text.span)),
  external: expandExternal,
  gpus: (node) => wrap(node, (text) => sequenceNode([mappingNode([["count", text]], text.span)], text.span)),
  list: (node) => wrap(node, (text) => sequenceNode([text], text.span)),
  mount: (node) => parsed(node, "invalid-mount", parseMount),
  names: (node) => ({ node: node.kind === "sequence" ? keyed(node, (item) => nullNode(item.span)) : node }),
  ports: expandPorts,
  source: (node) => wrap(node, (text) => mappingNode([["source", text]], text.span)),
  ssh: (node) => fromPairs(node, "invalid-ssh", (text) => `invalid ssh key "${text}"`, ["default"]),
  text: (node) => ({ node: node.kind === "scalar" && !isString(node) ? stringNode(node.text, node.span) : node }),
  ulimit: (node) => {
    if (!isString(node)) return { node };
    const message = `"${node.value}" is not a whole number`;
    return {
      node,
      diagnostics: [problem("invalid-number", message, node.span, "write a whole number, or soft and hard")],
    };
  },
};

function wrap(node: Node, make: (text: StringNode) => Node): Expansion {
  return { node: isString(node) ? make(node) : node };
}

function parsed<T extends object>(node: Node, code: Code, parse: (text: string) => Parsed<T>): Expansion {
  if (!isString(node)) return { node };
  const result = parse(node.value);
  if (result.error !== undefined) return { node, diagnostics: [problem(code, result.error, node.span, result.hint)] };
  return { node: nodeOf(result.value, node) };
}

/** A machine has this many ports of one protocol. */
const mostPorts = 65536;

function expandPorts(node: Node): Expansion {
  if (node.kind !== "sequence") return { node };
  const items: Node[] = [];
  const diagnostics: Diagnostic[] = [];
  let isFull = false;
  for (const item of node.items) {
    if (item.kind !== "scalar" || isFull) {
      items.push(item);
    } else if (item.type !== "string" && item.type !== "int") {
      items.push(item);
      const hint = "write the port as a whole number or in quotes";
      diagnostics.push(problem("invalid-port", `invalid type ${item.type} for port`, item.span, hint));
    } else {
      const result = parsePorts(item.text);
      if (result.error === undefined && items.length + result.value.length <= mostPorts) {
        for (const port of result.value) items.push(mappingOf({ ...port, mode: "ingress" }, item));
      } else if (result.error === undefined) {
        items.push(item);
        isFull = true;
        const hint = "publish fewer of them";
        diagnostics.push(problem("invalid-port", `the list has more than ${mostPorts} ports`, item.span, hint));
      } else {
        items.push(item);
        diagnostics.push(problem("invalid-port", result.error, item.span, result.hint));
      }
    }
  }
  return { node: { ...node, items }, diagnostics };
}

function mappingOf(value: object, from: Node): MappingNode {
  return mappingNode(
    Object.entries(value).map(([key, below]) => [key, nodeOf(below, from)] as const),
    from.span,
  );
}

function expandDependencies(node: Node): Expansion {
  if (node.kind === "scalar") return { node };
  const all = node.kind === "sequence" ? keyed(node, (item) => mappingNode([], item.span)) : node;
  return {
    node: mapValues(all, (value) =>
      value.kind === "mapping"
        ? withDefaults(value, [
            ["condition", stringNode("service_started", value.span)],
            ["required", boolNode(true, value.span)],
          ])
        : value,
    ),
  };
}

function expandEnvFiles(node: Node): Expansion {
  const files = isString(node) ? sequenceNode([node], node.span) : node;
  if (files.kind !== "sequence") return { node };
  const long = mapSequence(files, (item) => {
    const file = isString(item) ? mappingNode([["path", item]], item.span) : item;
    return file.kind === "mapping" ? withDefaults(file, [["required", boolNode(true, item.span)]]) : file;
  });
  return { node: long };
}

/** `external: {name: n}` is the old way to say `external: true` and `name: n`. */
function expandExternal(node: Node): Expansion {
  const external = child(node, "external");
  if (node.kind !== "mapping" || external?.kind !== "mapping") return { node };
  const marked = withEntry(node, "external", boolNode(true, external.span));
  const oldName = child(external, "name");
  if (oldName === undefined) return { node: marked };
  const name = child(node, "name");
  if (name?.kind === "scalar" && oldName.kind === "scalar" && name.text !== oldName.text) {
    const message = "name and external.name conflict; only use name";
    const finding = problem(
      "external-name-conflict",
      message,
      oldName.span,
      `is it "${name.text}" or "${oldName.text}"?`,
    );
    return { node: marked, diagnostics: [{ ...finding, notes: [{ message: "name is here", span: name.span }] }] };
  }
  const message = "external.name is deprecated. Please set name and external: true";
  return {
    node: withEntry(marked, "name", oldName),
    diagnostics: [warning("deprecated-external", message, external.span, "write external: true, and name beside it")],
  };
}

/** A list of `KEY=VALUE` as a mapping. Of the texts without `=`, only those in `bare` are keys (without a value). */
function fromPairs(node: Node, code: Code, message: (text: string) => string, bare: readonly string[] = []): Expansion {
  if (node.kind !== "sequence") return { node };
  const pairs: [string, Node][] = [];
  const diagnostics: Diagnostic[] = [];
  for (const item of node.items) {
    if (item.kind !== "scalar") continue;
    const at = item.text.indexOf("=");
    if (at !== -1) pairs.push([item.text.slice(0, at), stringNode(item.text.slice(at + 1), item.span)]);
    else if (bare.includes(item.text)) pairs.push([item.text, nullNode(item.span)]);
    else {
      const hint = [...bare, "KEY=VALUE"].join(" or ");
      diagnostics.push(problem(code, message(item.text), item.span, `write ${hint}`));
    }
  }
  return { node: diagnostics.length === 0 ? mappingNode(pairs, node.span) : node, diagnostics };
}

/** A list of names as a mapping; each key has the place of its name. */
function keyed(node: SequenceNode, value: (item: Node) => Node): MappingNode {
  const pairs = node.items.flatMap((item) => (item.kind === "scalar" ? [[item.text, value(item)] as const] : []));
  return mappingNode(pairs, node.span);
}

function withDefaults(node: MappingNode, defaults: readonly (readonly [string, Node])[]): MappingNode {
  return defaults.reduce((result, [key, value]) => (child(result, key) ? result : withEntry(result, key, value)), node);
}

/** Plain data of a parsed short form as nodes. */
function nodeOf(value: unknown, from: Node): Node {
  switch (typeof value) {
    case "number":
      return intNode(value, from.span);
    case "boolean":
      return boolNode(value, from.span);
    case "object":
      return value === null ? nullNode(from.span) : mappingOf(value, from);
    default:
      return stringNode(String(value), from.span);
  }
}
