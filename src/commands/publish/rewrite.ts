import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { isAlias, isMap, isScalar, isSeq, type Node, parseAllDocuments, visit } from "yaml";
import { isRemote } from "../../compose/remote.ts";

/** A compose file whose references to other files are the names that those have in an artifact. */
export interface Rewritten {
  readonly text: string;
  /** Absolute path → name in the artifact. */
  readonly envFiles: ReadonlyMap<string, string>;
  readonly extended: ReadonlyMap<string, string>;
  /** The files of this machine that it includes, as written: an artifact cannot hold them. */
  readonly included: readonly string[];
}

export interface RewriteOptions {
  /** What relative paths are relative to. */
  readonly directory: string;
  /** Puts in the variables of a path. */
  readonly interpolate: (text: string) => string;
}

/**
 * Gives the env files and the extended files of a compose file the names that they have in an artifact, where every file lies
 * beside the other: `<sha256 of the path>.env` and `.yaml`. All else stays as it is written, comments too. Pure.
 */
export function rewriteReferences(text: string, { directory, interpolate }: RewriteOptions): Rewritten {
  const envFiles = new Map<string, string>();
  const extended = new Map<string, string>();
  const included: string[] = [];
  const edits: { readonly start: number; readonly end: number; readonly text: string }[] = [];
  const replace = (node: unknown, kept: Map<string, string>, suffix: string) => {
    if (!isScalar(node) || typeof node.value !== "string" || !node.range) return;
    const written = interpolate(node.value);
    if (isRemote(written)) return;
    const path = resolve(directory, written);
    const name = `${createHash("sha256").update(path).digest("hex")}${suffix}`;
    kept.set(path, name);
    edits.push({ start: node.range[0], end: node.range[1], text: name });
  };
  for (const document of parseAllDocuments(text)) {
    if (!("contents" in document)) break;
    const follow = (node: unknown) => (isAlias(node) ? node.resolve(document) : node);
    visit(document, {
      Pair: (_, { key, value }, path) => {
        if (!isScalar(key)) return undefined;
        const node = follow(value);
        const where = keysOf(path);
        if (key.value === "include" && where.length === 0) {
          included.push(...includedFiles(node, follow).filter((file) => !isRemote(interpolate(file))));
          return visit.SKIP;
        }
        const isService = where[0]?.startsWith("x-") === true || (where.length === 2 && where[0] === "services");
        if (!isService) return undefined;
        if (key.value === "env_file") {
          for (const item of isSeq(node) ? node.items : [node]) {
            const one = follow(item);
            replace(isMap(one) ? follow(one.get("path", true)) : one, envFiles, ".env");
          }
          return visit.SKIP;
        }
        if (key.value === "extends" && isMap(node)) replace(follow(node.get("file", true)), extended, ".yaml");
        return undefined;
      },
    });
  }
  const unique = [...new Map(edits.map((edit) => [edit.start, edit])).values()];
  const rewritten = unique
    .toSorted((a, b) => b.start - a.start)
    .reduce((whole, edit) => whole.slice(0, edit.start) + edit.text + whole.slice(edit.end), text);
  return { text: rewritten, envFiles, extended, included };
}

/** The keys that lead to a pair. */
function keysOf(path: readonly unknown[]): readonly string[] {
  return path.flatMap((node) => {
    if (typeof node !== "object" || node === null || !("key" in node) || !isScalar(node.key)) return [];
    return [String(node.key.value)];
  });
}

function includedFiles(node: unknown, follow: (node: unknown) => unknown): readonly string[] {
  const items: readonly unknown[] = isSeq<Node>(node) ? node.items : [node];
  return items.flatMap((item): readonly string[] => {
    const one = follow(item);
    if (isScalar(one)) return typeof one.value === "string" ? [one.value] : [];
    return isMap(one)
      ? includedFiles(follow(one.get("path", true)), follow)
      : isSeq(one)
        ? includedFiles(one, follow)
        : [];
  });
}
