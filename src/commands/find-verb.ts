import type { VerbClass } from "./verb.ts";
import { topics, verbs } from "./verbs.ts";

/** A verb by its whole name (`bridge convert`), or the topic that is left without one, and what stands behind it. */
export interface FoundVerb {
  readonly verb: string;
  readonly after: readonly string[];
}

/** Joins the words of a verb that has several: a topic takes the next word, if that is no flag. */
export function findVerb(first: string, behind: readonly string[]): FoundVerb {
  let verb = first;
  let after = behind;
  while (topics.has(verb) && !verbs.has(verb)) {
    const [word, ...rest] = after;
    if (word === undefined || word.startsWith("-")) break;
    verb = `${verb} ${word}`;
    after = rest;
  }
  return { verb, after };
}

export interface WithoutIdle {
  readonly kept: readonly string[];
  /** The flags that were left out, as written. */
  readonly idle: readonly string[];
}

/** Leaves out the switches of a verb that have no effect any more. `--parallel 3` is gantry's own, `--parallel` is idle. */
export function withoutIdle(argv: readonly string[], { idle }: Pick<VerbClass, "idle">): WithoutIdle {
  const end = argv.indexOf("--");
  const flags = argv.slice(0, end === -1 ? argv.length : end);
  const isIdle = (word: string, i: number) => {
    const [, name = "", value] = /^--([\w-]+)(?:=(\w+))?$/.exec(word) ?? [];
    if (!idle.includes(name) || (value !== undefined && !/^(true|false)$/i.test(value))) return false;
    return name !== "parallel" || value !== undefined || !/^-?\d+$/.test(argv[i + 1] ?? "");
  };
  return {
    kept: [...flags.filter((word, i) => !isIdle(word, i)), ...argv.slice(flags.length)],
    idle: flags.filter(isIdle),
  };
}
