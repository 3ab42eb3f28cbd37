/**
 * What the loader knows about each attribute of a compose file, as annotated in schemas/compose.schema.json: the only
 * place where that knowledge stands.
 */
import { rules } from "./generated/attributes.ts";
import type { Path } from "./node.ts";

export interface Attribute {
  /** The type that a string takes after interpolation. */
  readonly cast?: "int" | "float" | "bool";
  /**
   * How two values are merged; absent: mappings key by key, lists appended, otherwise the later value.
   * `replace`: the later value, null included. `list`: both as lists, appended. `hosts`: the same for host entries.
   * `named`: a list of names is a mapping of nulls. The others name the one attribute whose rule they are.
   */
  readonly merge?: "replace" | "list" | "hosts" | "build" | "depends_on" | "named" | "logging" | "ulimit" | "ipam";
  /** What makes two entries of a list the same: the text before `=`, the whole text, or that kind of entry's target. */
  readonly unique?: "key" | "text" | "expose" | "env_file" | "mount" | "device" | "config" | "secret" | "port";
  /** How a relative path is resolved (paths.ts). */
  readonly path?: "context" | "join" | "watch" | "bind" | "host" | "volume-device";
  /** The short syntax that is written out in full (canonical.ts). */
  readonly short?: Short;
}

export type Short =
  | "build"
  | "contexts"
  | "depends_on"
  | "device"
  | "env_file"
  | "extends"
  | "external"
  | "gpus"
  | "list"
  | "mount"
  | "names"
  | "ports"
  | "source"
  | "ssh"
  | "text"
  | "ulimit";

/** The generated form of a rule: `keys` are the attribute names of a mapping, `any` is below a user's own name. */
export interface Rule {
  readonly attribute?: Attribute;
  readonly keys?: ReadonlyMap<string, Rule>;
  readonly any?: Rule;
  readonly item?: Rule;
  readonly distinct?: boolean;
}

/** A place in the format, for walks that go along with the document. */
export interface AttributeNode {
  readonly attribute?: Attribute;
  /** The place below a key, or undefined where the format says nothing (`x-` keys, values of users' mappings). */
  key(name: string): AttributeNode | undefined;
  /** The place of a list's entries. */
  readonly item?: AttributeNode;
  /** Whether the entries of a list here must differ from each other. */
  readonly distinct: boolean;
  /** The attribute names that a mapping here may hold. */
  readonly names: readonly string[];
}

/** The whole document. */
export const rootAttributes: AttributeNode = attributeNode(rules, new Map());

/** What is known about the attribute at a path from the document's root: `["services", "web", "ports", 0]`. */
export function attributeAt(path: Path): Attribute | undefined {
  return attributeNodeAt(path)?.attribute;
}

/** The place in the format of a path from the document's root. */
export function attributeNodeAt(path: Path): AttributeNode | undefined {
  let here: AttributeNode | undefined = rootAttributes;
  for (const segment of path) {
    here = typeof segment === "number" ? here?.item : here?.key(segment);
  }
  return here;
}

function attributeNode(rule: Rule, made: Map<Rule, AttributeNode>): AttributeNode {
  const known = made.get(rule);
  if (known !== undefined) return known;
  const keys = new Map<string, AttributeNode>();
  for (const [name, below] of rule.keys ?? []) keys.set(name, attributeNode(below, made));
  const any = rule.any && attributeNode(rule.any, made);
  const node: AttributeNode = {
    ...(rule.attribute && { attribute: rule.attribute }),
    ...(rule.item && { item: attributeNode(rule.item, made) }),
    key: (name) => keys.get(name) ?? any,
    distinct: rule.distinct === true,
    names: [...keys.keys()],
  };
  made.set(rule, node);
  return node;
}
