import type { Interfaces } from "@oclif/core";
import * as Args from "@oclif/core/args";
import { Command } from "@oclif/core/command";
import type { Config } from "@oclif/core/config";
import * as Flags from "@oclif/core/flags";
import { globalFlags } from "./global-flags.ts";

export { Args, Flags };

/** One verb of the command line. `run` answers with the exit code; data goes to stdout, everything else to stderr. */
export abstract class Verb extends Command {
  static override flags: Interfaces.FlagInput = {};
  static override baseFlags = globalFlags;
  /** Whether the words behind the first one are the words of another command, flags or not: `exec web ls -l`. */
  static readonly takesCommand: boolean = false;

  /** Flags that docker compose still takes and that have done nothing for years: left out with a word about it. */
  static readonly idle: readonly string[] = [];

  abstract override run(): Promise<number>;

  /** Parses and runs. Every error is the caller's to report. */
  execute(): Promise<number> {
    return this._run<number>();
  }

  /** oclif's own prepares debug output and a user agent, which nothing here uses. */
  protected override async init(): Promise<void> {}

  protected override async catch(error: Error): Promise<never> {
    throw error;
  }
}

/** What a verb is before it is made: with what it says of itself, help, completion and the line's words are found. */
export interface VerbClass {
  new (argv: string[], config: Config): Verb;
  readonly summary?: string;
  readonly description?: string | undefined;
  readonly flags: Interfaces.FlagInput;
  readonly args: Interfaces.ArgInput;
  readonly takesCommand: boolean;
  readonly idle: readonly string[];
}

/** The words behind a verb: names of services. */
export const serviceArgs = {
  services: Args.string({ multiple: true, description: "services; none means all", ignoreStdin: true }),
};

/** A flag that may be given several times, one value each. */
export const several = { multiple: true, multipleNonGreedy: true } as const;
