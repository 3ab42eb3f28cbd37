import type { Interfaces } from "@oclif/core";
import * as Flags from "@oclif/core/flags";
import { UsageError } from "../errors.ts";

const helpGroup = "GLOBAL";
const each = { helpGroup, multiple: true, multipleNonGreedy: true } as const;

/** The flags that every verb takes, before or after it: docker compose's, and `--engine` and `--json`. */
export const globalFlags = {
  ansi: Flags.option({
    helpGroup,
    options: ["never", "always", "auto"] as const,
    description: "when to use colours",
  })(),
  "all-resources": Flags.boolean({ helpGroup, description: "resources too that no service uses" }),
  compatibility: Flags.boolean({ helpGroup, description: "join the words of names with _, as docker compose 1 did" }),
  "dry-run": Flags.boolean({ helpGroup, description: "print the plan, change nothing" }),
  engine: Flags.string({ helpGroup, helpValue: "<url>", description: "the engine to use: unix://, tcp:// or ssh://" }),
  "env-file": Flags.string({ ...each, description: "environment file, in place of .env" }),
  file: Flags.string({ ...each, char: "f", description: "compose file; - is standard input" }),
  "insecure-registry": Flags.string({ ...each, hidden: true, description: "a registry of compose files without TLS" }),
  isolate: Flags.string({
    helpGroup,
    helpValue: "<name>",
    description: "a copy of the project beside the first: names and host ports of its own",
  }),
  json: Flags.boolean({ helpGroup, description: "answer in JSON, a line each for what happens and for the result" }),
  "no-ansi": Flags.boolean({ helpGroup, hidden: true }),
  parallel: Flags.custom<number>({
    helpGroup,
    helpValue: "<n>",
    description: "at most so many calls at once; -1: no bound",
    parse: async (text) => parseParallel(text),
  })(),
  profile: Flags.string({ ...each, description: "profile to activate; * is all" }),
  progress: Flags.option({
    helpGroup,
    options: ["auto", "tty", "plain", "json", "quiet"] as const,
    description: "how to show progress",
  })(),
  "project-directory": Flags.string({
    helpGroup,
    aliases: ["workdir"],
    helpValue: "<path>",
    description: "what relative paths are relative to",
  }),
  "project-name": Flags.string({ helpGroup, char: "p", helpValue: "<name>", description: "the project's name" }),
  "trust-remote": Flags.boolean({ helpGroup, description: "fetch compose files from git and registries unasked" }),
  verbose: Flags.boolean({ helpGroup, hidden: true, description: "print every call of the engine on stderr" }),
  help: Flags.boolean({ helpGroup, char: "h", description: "show this text" }),
};

export type Globals = Interfaces.InferredFlags<typeof globalFlags>;

/** The bound of parallel calls in a flag or in COMPOSE_PARALLEL_LIMIT: a positive whole number, or -1 for no bound. */
export function parseParallel(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && (value > 0 || value === -1)) return value;
  throw new UsageError(`the bound of parallel calls is a positive whole number or -1, not "${text}"`);
}
