/** What the history of an image says of a step, in BuildKit's words. Pure. */

import { createHash } from "node:crypto";
import type { Instruction } from "./dockerfile/instruction.ts";
import { formatDuration } from "./duration.ts";
import { parsePorts } from "./ports.ts";

/** `argv`: what RUN, CMD and ENTRYPOINT really run; `args`: the ARGs that RUN sees. */
export function describeStep(
  instruction: Instruction,
  { argv = [], args = [] }: { argv?: readonly string[]; args?: readonly (readonly [string, string])[] },
): string {
  switch (instruction.keyword) {
    case "RUN": {
      const declared = args.length === 0 ? [] : [`|${args.length}`, ...args.map(([name, value]) => `${name}=${value}`)];
      return `RUN ${[...declared, ...argv].join(" ")} # buildkit`;
    }
    case "CMD":
    case "ENTRYPOINT":
      return `${instruction.keyword} ${quoted(argv)}`;
    case "ENV":
    case "LABEL":
      return [instruction.keyword, ...instruction.pairs.map(({ key, value }) => `${key}=${value}`)].join(" ");
    case "ARG":
      return ["ARG", ...instruction.args.map(({ key, value }) => (value === undefined ? key : `${key}=${value}`))].join(
        " ",
      );
    case "EXPOSE":
      return `EXPOSE [${instruction.words.flatMap(parsePorts).join(" ")}]`;
    case "VOLUME":
    case "SHELL":
      return `${instruction.keyword} [${instruction.words.join(" ")}]`;
    case "COPY":
    case "ADD": {
      const { chown, chmod, parents, sources, heredocs, destination } = instruction;
      const flags = [
        ...(parents ? ["--parents"] : []),
        ...(chown === undefined ? [] : [`--chown=${chown}`]),
        ...(chmod === undefined ? [] : [`--chmod=${chmod}`]),
      ];
      const words = [
        instruction.keyword,
        ...flags,
        ...sources,
        ...heredocs.map(({ name }) => `<<${name}`),
        destination,
      ];
      return `${words.join(" ")} # buildkit`;
    }
    case "HEALTHCHECK": {
      const {
        Test = [],
        Interval = 0,
        Timeout = 0,
        StartPeriod = 0,
        StartInterval = 0,
        Retries = 0,
      } = instruction.health;
      const times = [Interval, Timeout, StartPeriod, StartInterval]
        .map((time) => `"${formatDuration(time)}"`)
        .join(" ");
      return `HEALTHCHECK &{${quoted(Test)} ${times} ${quotedNumber(Retries)}}`;
    }
    case "ONBUILD":
    case "FROM":
      return instruction.text;
    default:
      return `${instruction.keyword} ${instruction.value}`;
  }
}

const quoted = (words: readonly string[]) => `[${words.map((word) => JSON.stringify(word)).join(" ")}]`;

/** A small number as Go's %q writes it: as the character of that number. */
function quotedNumber(value: number): string {
  const names = new Map([
    [7, "\\a"],
    [8, "\\b"],
    [9, "\\t"],
    [10, "\\n"],
    [11, "\\v"],
    [12, "\\f"],
    [13, "\\r"],
    [39, "\\'"],
    [92, "\\\\"],
  ]);
  const isPlain = value >= 32 && value < 127;
  return `'${names.get(value) ?? (isPlain ? String.fromCharCode(value) : `\\x${value.toString(16).padStart(2, "0")}`)}'`;
}

/** The key under which a step's result is kept: the same for the same step on the same files. */
export function cacheKey(parts: unknown): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
