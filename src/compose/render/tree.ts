import { type MappingNode, type Node, stringNode, withEntry } from "../node.ts";
import { type Plain, type PlainObject, sorted } from "./plain.ts";

/** A document as plain data with its keys sorted, under the project's name where one is given. */
export function plainTree(document: MappingNode, name: string | undefined): Plain {
  return plain(name === undefined ? document : withEntry(document, "name", stringNode(name, document.span)));
}

function plain(node: Node): Plain {
  if (node.kind === "sequence") return node.items.map(plain);
  if (node.kind === "scalar") return typeof node.value === "bigint" ? Number(node.value) : node.value;
  const result: PlainObject = Object.create(null);
  for (const [key, { value }] of sorted(node.entries)) result[key] = plain(value);
  return result;
}
