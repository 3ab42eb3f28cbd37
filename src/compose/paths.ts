import { isAbsolute, join, relative } from "node:path";
import type { Diagnostic } from "../errors.ts";
import { type Attribute, type AttributeNode, rootAttributes } from "./attributes.ts";
import { problem } from "./codes.ts";
import {
  child,
  isString,
  type MappingNode,
  mapSequence,
  mapValues,
  type Node,
  type Path,
  pathText,
  stringNode,
} from "./node.ts";
import { isRemote } from "./remote.ts";

type PathKind = NonNullable<Attribute["path"]>;

/**
 * Makes every path of a canonical document absolute, as the attributes' `path` annotations say: `~` is the home
 * directory, what is relative starts from `base`, and the result is clean. Remote build contexts and absolute paths stay
 * as they are; those of Windows too, where the path may be meant for another machine.
 */
export function resolvePaths(
  document: MappingNode,
  base: string,
  home: string,
): { node: MappingNode; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const resolve = (text: string, kind: PathKind) => resolved(text, kind, (path) => join(base, path), home);
  const node = changePaths(document, resolve, (mount, path) => {
    const message = 'invalid mount config for type "bind": field Source must not be empty';
    diagnostics.push(problem("missing-source", `${pathText(path)}: ${message}`, mount.span, "give the mount a source"));
  });
  return { node, diagnostics };
}

/**
 * Rewrites the relative paths of a canonical document that was read from the directory `from`, so that they mean the
 * same in a document of the directory `to`.
 */
export function rebasePaths(document: MappingNode, from: string, to: string): MappingNode {
  const rebase = (text: string, kind: PathKind) =>
    resolved(text, kind, (path) => relative(to, join(from, path)) || ".", undefined);
  return changePaths(document, rebase, () => {});
}

const remotePrefixes = ["https://", "http://", "git://", "ssh://", "github.com/", "git@"];

/** Whether a build context is fetched rather than read: a URL, a git reference, or another service's image. */
export function isRemoteContext(context: string): boolean {
  return (
    context.includes("://") ||
    context.startsWith("service:") ||
    remotePrefixes.some((prefix) => context.startsWith(prefix))
  );
}

/** @param home undefined: leave `~` for later */
function resolved(text: string, kind: PathKind, place: (path: string) => string, home: string | undefined): string {
  if (text === "") return text;
  if (kind === "context" ? isRemoteContext(text) : kind === "join" && isRemote(text)) return text;
  const isHostKind = kind === "bind" || kind === "host" || kind === "volume-device";
  if (text.startsWith("~")) return home === undefined ? text : trimmed(join(home, text.slice(1)));
  if (isAbsolute(text)) return text;
  if (isHostKind && isWindowsAbsolute(text)) return text;
  return trimmed(place(text));
}

function isWindowsAbsolute(path: string): boolean {
  return /^([a-z]:[\\/]|\\\\)/i.test(path);
}

/** Without the trailing slash that node's `join` keeps. */
function trimmed(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

function changePaths(
  document: MappingNode,
  change: (text: string, kind: PathKind) => string,
  missingSource: (mount: MappingNode, path: Path) => void,
): MappingNode {
  const walk = (node: Node, attributes: AttributeNode, path: Path, parents: readonly MappingNode[]): Node => {
    const kind = attributes.attribute?.path;
    if (isString(node)) {
      if (kind === undefined || !applies(kind, parents)) return node;
      const changed = change(node.value, kind);
      return changed === node.value ? node : stringNode(changed, node.span);
    }
    if (node.kind === "mapping") return walkMapping(node, attributes, path, parents);
    const { item } = attributes;
    if (node.kind !== "sequence" || item === undefined) return node;
    return mapSequence(node, (value, i) => walk(value, item, [...path, i], parents));
  };

  const walkMapping = (
    node: MappingNode,
    attributes: AttributeNode,
    path: Path,
    parents: readonly MappingNode[],
  ): MappingNode => {
    if (attributes.key("source")?.attribute?.path === "bind" && hasText(node, "type", "bind")) {
      const source = child(node, "source");
      if (source === undefined || hasText(node, "source", "")) missingSource(node, path);
    }
    const inner = [...parents, node];
    return mapValues(node, (value, key) => {
      const below = attributes.key(key);
      return below === undefined ? value : walk(value, below, [...path, key], inner);
    });
  };

  return walkMapping(document, rootAttributes, [], []);
}

/** A source is a path only in a bind mount; a volume's device only if the local driver binds it. */
function applies(kind: PathKind, parents: readonly MappingNode[]): boolean {
  const parent = parents.at(-1);
  if (kind === "bind") return hasText(parent, "type", "bind");
  if (kind === "volume-device") return hasText(parent, "o", "bind") && hasText(parents.at(-2), "driver", "local");
  return true;
}

function hasText(node: MappingNode | undefined, key: string, text: string): boolean {
  const value = child(node, key);
  return isString(value) && value.value === text;
}
