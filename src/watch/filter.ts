import { type IgnoreRules, parseIgnore } from "../engine/ignore.ts";
import { below } from "./tree.ts";

/** Which paths a rule is about. Paths are absolute. */
export interface Filter {
  takes(path: string): boolean;
  /** Whether something in a directory may be taken; false: it need not be looked into. */
  mayHold(directory: string): boolean;
}

export interface FilterOptions {
  /** The directory that the rule's own patterns are relative to. */
  readonly base: string;
  readonly ignore: readonly string[];
  /** Absent: everything. */
  readonly include?: readonly string[];
  /** The service's build context and the text of its `.dockerignore`. */
  readonly dockerignore?: { readonly context: string; readonly text: string };
}

/**
 * What git and editors write beside the files that a person means: docker compose leaves the same out. GoLand and IDEA,
 * Emacs, Vim, Kate, Sublime Text, and Go's own probes.
 */
const neverMeant = [
  "**/.git",
  "**/*___jb_old___",
  "**/*___jb_tmp___",
  "**/.idea",
  "**/.#*",
  "**/#*#",
  "**/4913",
  "**/*~",
  "**/.*.sw[a-z]",
  "**/.*.kate-swp",
  "**/.subl*.tmp",
  "**/*-go-tmp-umask",
];
const temporary = parseIgnore(neverMeant.map((pattern) => pattern.replace(/#/g, "[#]")).join("\n"));

/**
 * The filter of one rule: its `include` and `ignore`, the service's `.dockerignore`, and the files that nobody means.
 * Patterns are docker's, also those of `include`: a directory that matches takes all below it along.
 */
export function makeFilter({ base, ignore, include, dockerignore }: FilterOptions): Filter {
  const left: { readonly base: string; readonly rules: IgnoreRules }[] = [{ base, rules: temporary }];
  if (ignore.length > 0) left.push({ base, rules: parseIgnore(ignore.join("\n")) });
  if (dockerignore !== undefined) left.push({ base: dockerignore.context, rules: parseIgnore(dockerignore.text) });
  const included = include === undefined || include.length === 0 ? undefined : parseIgnore(include.join("\n"));
  return {
    takes: (path) => {
      const own = below(base, path);
      if (own === undefined) return false;
      if (included !== undefined && own !== "" && !included.ignores(own)) return false;
      return !left.some((each) => matches(each, path));
    },
    mayHold: (directory) =>
      !left.some((each) => {
        const inside = below(each.base, directory);
        return (
          inside !== undefined && inside !== "" && each.rules.ignores(inside) && !each.rules.mayHoldExceptions(inside)
        );
      }),
  };
}

function matches({ base, rules }: { readonly base: string; readonly rules: IgnoreRules }, path: string): boolean {
  const inside = below(base, path);
  return inside !== undefined && inside !== "" && rules.ignores(inside);
}
