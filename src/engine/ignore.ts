/** `.dockerignore` files: which paths of a build context stay at home. */

import dockerignore from "@balena/dockerignore";

export interface IgnoreRules {
  /** Whether a path (relative to the context, `/` between parts) is left out. */
  ignores(path: string): boolean;
  /** Whether a left-out directory must be looked into, because a `!` pattern may bring something in it back. */
  mayHoldExceptions(directory: string): boolean;
}

/** The library asks for the file system's case rules, looks paths up in a plain object, and makes patterns into regular
 * expressions without escaping; so every path stands below a directory of this name, and patterns are escaped here. */
const root = "context";

/** The library remembers each path that it was asked for: after so many, it is started anew. */
const mostRemembered = 10_000;

/**
 * Reads the text of a `.dockerignore`. A later pattern wins over an earlier one; `!` brings back.
 * Source: https://docs.docker.com/build/concepts/context/#dockerignore-files
 */
export function parseIgnore(text: string): IgnoreRules {
  const patterns: string[] = [];
  const exceptions: string[][] = [];
  for (const line of text.replace(/^\uFEFF/, "").split(/\r?\n/)) {
    if (line.startsWith("#")) continue;
    const pattern = line.trim();
    const negative = pattern.startsWith("!");
    const parts = cleanParts(negative ? pattern.slice(1).trim() : pattern);
    if (parts.length === 0) continue;
    if (negative) exceptions.push(parts);
    patterns.push(`${negative ? "!" : ""}${[root, ...parts.map(escapePart)].join("/")}`);
  }
  const compile = () => {
    const rules = dockerignore.default({ ignorecase: false });
    for (const pattern of patterns) rules.add(pattern);
    return rules;
  };
  let rules = compile();
  let asked = 0;
  return {
    ignores: (path) => {
      if (patterns.length === 0) return false;
      if (++asked % mostRemembered === 0) rules = compile();
      return rules.ignores(`${root}/${path}`);
    },
    mayHoldExceptions: (directory) => {
      const parts = directory.split("/");
      return exceptions.some((exception) => mayLeadInto(exception, parts));
    },
  };
}

/** Like Go's filepath.Clean: no `.`, no empty parts, `..` resolved and never above the context. */
function cleanParts(pattern: string): string[] {
  const parts: string[] = [];
  for (const part of pattern.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts;
}

/** Escapes what means something in a regular expression but nothing in a pattern; not inside `[…]`. */
function escapePart(part: string): string {
  return part.replace(/\\.|\[[^\]]*\]|[+(){}|^]|\[/g, (match) => (match.length === 1 ? `\\${match}` : match));
}

function mayLeadInto(exception: readonly string[], directory: readonly string[]): boolean {
  for (const [index, part] of directory.entries()) {
    const wanted = exception[index];
    if (wanted === undefined) return false;
    if (wanted.includes("**")) return true;
    if (!/[*?[\\]/.test(wanted) && wanted !== part) return false;
  }
  return exception.length > directory.length;
}
