import type { Diagnostic } from "../../errors.ts";
import { type Code, problem } from "../codes.ts";
import type { Anything, Bytes, Extensions, Nanoseconds } from "../model.ts";
import { child, type MappingNode, type Node, type Path, pathText, type ScalarNode } from "../node.ts";
import { parseDuration } from "../short/duration.ts";
import { cleanHosts, parseHosts } from "../short/hosts.ts";
import type { Parsed } from "../short/parsed.ts";
import { splitWords } from "../short/shell-words.ts";
import { parseSize } from "../short/size.ts";
import { parseBoolean, parseCount, parseInteger, parseMode, parseNumber } from "./scalars.ts";

/**
 * Reads typed attributes of one mapping. Every method answers undefined for an attribute that is absent or null, and
 * reports what does not parse with its place. Kinds were checked by the schema before.
 */
export interface Reader {
  readonly node: MappingNode;
  /** A text; an empty one counts as absent. */
  text(key: string): string | undefined;
  /** A text that the schema restricts to `options`. */
  choice<T extends string>(key: string, options: readonly T[]): T | undefined;
  flag(key: string): boolean | undefined;
  integer(key: string): number | undefined;
  number(key: string): number | undefined;
  count(key: string): number | undefined;
  mode(key: string): number | undefined;
  size(key: string): Bytes | undefined;
  duration(key: string): Nanoseconds | undefined;
  /** A list of texts, or one text. */
  texts(key: string): readonly string[] | undefined;
  /** A list of arguments, or a text that is split into words; null stays null. */
  command(key: string): readonly string[] | null | undefined;
  /** A mapping or a list of KEY=VALUE whose missing values are empty. */
  pairs(key: string): ReadonlyMap<string, string> | undefined;
  /** The same whose missing values are null: taken from the environment. */
  variables(key: string): ReadonlyMap<string, string | null> | undefined;
  hosts(key: string): ReadonlyMap<string, readonly string[]> | undefined;
  /** A mapping below, read by `read`; absent when null. */
  below<T>(key: string, read: (reader: Reader) => T): T | undefined;
  /** A list of mappings, each read by `read`. */
  list<T>(key: string, read: (reader: Reader) => T): readonly T[] | undefined;
  /** A mapping of names to mappings; `read` gets an empty mapping for null. */
  named<T>(key: string, read: (reader: Reader, name: string) => T): ReadonlyMap<string, T> | undefined;
  /** The same, where null stays null. */
  namedOrNull<T>(key: string, read: (reader: Reader, name: string) => T): ReadonlyMap<string, T | null> | undefined;
  /** The `x-` keys. */
  extensions(): Extensions;
  report(code: Code, message: string, node: Node, hint?: string): void;
}

/** A reader of the mapping at `path` of the document; what it finds goes to `diagnostics`. */
export function reader(node: MappingNode, path: Path, diagnostics: Diagnostic[]): Reader {
  const scalar = (key: string): ScalarNode | undefined => {
    const value = child(node, key);
    return value?.kind === "scalar" && value.type !== "null" ? value : undefined;
  };

  const report = (code: Code, message: string, at: Node, hint?: string) => {
    diagnostics.push(problem(code, message, at.span, hint));
  };

  const parse = <T>(key: string, code: Code, read: (text: string) => Parsed<T>): T | undefined => {
    const value = scalar(key);
    return value === undefined ? undefined : parsed(value, [...path, key], code, read);
  };

  const parsed = <T>(at: ScalarNode, where: Path, code: Code, read: (text: string) => Parsed<T>): T | undefined => {
    const result = read(at.text);
    if (result.error === undefined) return result.value;
    report(code, `${pathText(where)}: ${result.error}`, at, result.hint);
    return undefined;
  };

  /** The number itself where YAML read one, else what the text says. */
  const numeric = (key: string, code: Code, read: (text: string) => Parsed<number>): number | undefined => {
    const value = scalar(key);
    if (value?.type === "int" || value?.type === "float") return Number(value.value);
    return parse(key, code, read);
  };

  const entries = <T>(key: string, missing: T): ReadonlyMap<string, string | T> | undefined => {
    const value = child(node, key);
    if (value === undefined || value.kind === "scalar") return undefined;
    const result = new Map<string, string | T>();
    if (value.kind === "mapping") {
      for (const [name, entry] of value.entries) {
        const item = entry.value;
        if (item.kind === "scalar") result.set(name, item.type === "null" ? missing : item.text);
      }
      return result;
    }
    for (const item of value.items) {
      if (item.kind !== "scalar") continue;
      const at = item.text.indexOf("=");
      if (at === -1) result.set(item.text, missing);
      else result.set(item.text.slice(0, at), item.text.slice(at + 1));
    }
    return result;
  };

  const refuseTrailingSpace = (key: string) => {
    const list = child(node, key);
    if (list?.kind !== "sequence") return;
    for (const item of list.items) {
      const [name = ""] = item.kind === "scalar" ? item.text.split("=", 1) : [];
      if (!/\s$/.test(name)) continue;
      const message = `${pathText([...path, key])}: environment variable ${name} is declared with a trailing space`;
      report("invalid-pair", message, item, "write KEY=VALUE without blanks around the =");
    }
  };

  const mappings = <T>(key: string, read: (below: Reader, name: string) => T, empty: T | undefined) => {
    const value = child(node, key);
    if (value?.kind !== "mapping") return undefined;
    const result = new Map<string, T>();
    for (const [name, entry] of value.entries) {
      const item = entry.value;
      if (item.kind === "mapping") result.set(name, read(reader(item, [...path, key, name], diagnostics), name));
      else if (empty !== undefined) result.set(name, empty);
      else result.set(name, read(reader(emptyMapping(item), [...path, key, name], diagnostics), name));
    }
    return result;
  };

  return {
    node,
    text: (key) => scalar(key)?.text || undefined,
    choice: (key, options) => options.find((option) => option === scalar(key)?.text),
    flag: (key) => {
      const value = scalar(key);
      return typeof value?.value === "boolean" ? value.value : parse(key, "invalid-boolean", parseBoolean);
    },
    integer: (key) => numeric(key, "invalid-number", parseInteger),
    number: (key) => numeric(key, "invalid-number", parseNumber),
    count: (key) => parse(key, "invalid-count", parseCount),
    mode: (key) => numeric(key, "invalid-mode", parseMode),
    size: (key) => {
      const size = numeric(key, "invalid-size", parseSize);
      return size === undefined ? undefined : Math.trunc(size);
    },
    duration: (key) => parse(key, "invalid-duration", parseDuration),
    texts: (key) => {
      const value = child(node, key);
      if (value?.kind === "scalar") return value.type === "null" ? undefined : [value.text];
      return value?.kind === "sequence" ? textsOf(value.items) : undefined;
    },
    command: (key) => {
      const value = child(node, key);
      if (value?.kind === "sequence") return textsOf(value.items);
      if (value?.kind !== "scalar") return undefined;
      return value.type === "null" ? null : (parsed(value, [...path, key], "invalid-command", splitWords) ?? null);
    },
    pairs: (key) => entries(key, ""),
    variables: (key) => {
      refuseTrailingSpace(key);
      return entries(key, null);
    },
    hosts: (key) => {
      const value = child(node, key);
      if (value === undefined || value.kind === "scalar") return undefined;
      const result = value.kind === "sequence" ? parseHosts(textsOf(value.items)) : cleanHosts(addresses(value));
      if (result.error === undefined) return result.value;
      report("invalid-host", `${pathText([...path, key])}: ${result.error}`, value, result.hint);
      return undefined;
    },
    below: (key, read) => {
      const value = child(node, key);
      return value?.kind === "mapping" ? read(reader(value, [...path, key], diagnostics)) : undefined;
    },
    list: (key, read) => {
      const value = child(node, key);
      if (value?.kind !== "sequence") return undefined;
      return value.items.flatMap((item, i) =>
        item.kind === "mapping" ? [read(reader(item, [...path, key, i], diagnostics))] : [],
      );
    },
    named: (key, read) => mappings(key, read, undefined),
    namedOrNull: <T>(key: string, read: (below: Reader, name: string) => T) => mappings<T | null>(key, read, null),
    extensions: () => extensionsOf(node),
    report,
  };
}

/** The `x-` entries of a mapping as plain data. */
export function extensionsOf(node: MappingNode): Extensions {
  const extensions = new Map<string, Anything>();
  for (const [key, entry] of node.entries) {
    if (key.startsWith("x-")) extensions.set(key, anything(entry.value));
  }
  return extensions;
}

function anything(node: Node): Anything {
  if (node.kind === "sequence") return node.items.map(anything);
  if (node.kind === "mapping") return new Map([...node.entries].map(([key, entry]) => [key, anything(entry.value)]));
  return typeof node.value === "bigint" ? node.text : node.value;
}

function textsOf(items: readonly Node[]): readonly string[] {
  return items.flatMap((item) => (item.kind === "scalar" ? [item.text] : []));
}

function addresses(node: MappingNode): ReadonlyMap<string, readonly string[]> {
  const hosts = new Map<string, readonly string[]>();
  for (const [host, { value }] of node.entries) {
    if (value.kind === "scalar") hosts.set(host, [value.text]);
    else if (value.kind === "sequence") hosts.set(host, textsOf(value.items));
  }
  return hosts;
}

function emptyMapping(from: Node): MappingNode {
  return { kind: "mapping", entries: new Map(), span: from.span };
}
