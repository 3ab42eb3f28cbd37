import type { Diagnostic } from "../errors.ts";
import { type Attribute, type AttributeNode, rootAttributes } from "./attributes.ts";
import { problem } from "./codes.ts";
import { child, type MappingNode, mapSequence, mapValues, type Node, type Path, pathText } from "./node.ts";
import { parseMount } from "./short/mounts.ts";

type Unique = NonNullable<Attribute["unique"]>;

/**
 * Makes lists unique by what identifies their entries (the `unique` annotations): the last entry wins and takes the place of
 * the first. Works on short and long forms alike.
 * Source: compose-go override/uncity.go.
 *
 * @param start where in the format the document stands, for the parts that `extends` merges
 */
export function enforceUnicity(
  document: MappingNode,
  start: { attributes: AttributeNode | undefined; path: Path } = { attributes: rootAttributes, path: [] },
): { node: MappingNode; diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];

  const walk = (node: Node, attributes: AttributeNode | undefined, path: Path): Node => {
    if (attributes === undefined || node.kind === "scalar") return node;
    if (node.kind === "mapping") {
      return mapValues(node, (value, key) => walk(value, attributes.key(key), [...path, key]));
    }
    const { item } = attributes;
    const inner = item === undefined ? node : mapSequence(node, (value, i) => walk(value, item, [...path, i]));
    const unique = attributes.attribute?.unique;
    if (unique === undefined) return inner;
    const items = lastOfEach(inner.items, unique, path);
    return items.length === inner.items.length ? inner : { ...inner, items };
  };

  const lastOfEach = (items: readonly Node[], unique: Unique, path: Path): readonly Node[] => {
    const byKey = new Map<string, Node>();
    for (const [index, item] of items.entries()) {
      const key = keyOf(item, unique);
      if (key.missing !== undefined) {
        const message = `service ${path.at(-1)} ${pathText([...path, index])} is missing a ${key.missing}`;
        diagnostics.push(problem("missing-target", message, item.span, "add `target:`"));
      }
      // Entries that cannot be identified are kept; the schema says what is wrong with them.
      byKey.set(key.text ?? `\0${index}`, item);
    }
    return [...byKey.values()];
  };

  const { attributes, path } = start;
  return { node: mapValues(document, (value, key) => walk(value, attributes?.key(key), [...path, key])), diagnostics };
}

interface Key {
  readonly text?: string;
  readonly missing?: string;
}

function keyOf(item: Node, unique: Unique): Key {
  if (item.kind === "sequence") return {};
  if (item.kind === "scalar") return item.type === "null" ? {} : { text: shortKey(item.text, unique) };
  const text = (name: string) => {
    const value = child(item, name);
    return value?.kind === "scalar" && value.type !== "null" ? value.text : undefined;
  };
  const required = (key: string | undefined, missing: string): Key => (key === undefined ? { missing } : { text: key });
  switch (unique) {
    case "mount":
    case "device":
      return required(text("target"), "mount target");
    case "config":
      return { text: text("target") ?? `/${text("source")}` };
    case "secret":
      return { text: text("target") ?? `/run/secrets/${text("source")}` };
    case "env_file":
      return { text: text("path") ?? "" };
    case "port": {
      const target = text("target");
      if (target === undefined) return { missing: "target port" };
      const [ip, published, protocol] = [
        text("host_ip") ?? "0.0.0.0",
        text("published") ?? "",
        text("protocol") ?? "tcp",
      ];
      return { text: `${ip}:${published}:${target}/${protocol}` };
    }
    default:
      return {};
  }
}

function shortKey(text: string, unique: Unique): string {
  switch (unique) {
    case "key": {
      const end = text.indexOf("=");
      return end === -1 ? text : text.slice(0, end);
    }
    case "mount":
      return parseMount(text).value?.target ?? text;
    case "device": {
      const [source = "", target] = text.split(":");
      return target ?? source;
    }
    case "config":
      return `/${text}`;
    case "secret":
      return `/run/secrets/${text}`;
    default:
      return text;
  }
}
