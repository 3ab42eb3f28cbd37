import type { Interfaces } from "@oclif/core";
import * as Args from "@oclif/core/args";
import { Command } from "@oclif/core/command";
import type { Config } from "@oclif/core/config";
import * as Flags from "@oclif/core/flags";
import { UsageError } from "../errors.ts";
import { type Answer, exitCodeOf, resultLine } from "./answer.ts";
import { globalFlags } from "./global-flags.ts";

export { Args, Flags };

/**
 * One verb of the command line. Data goes to stdout, everything else to stderr. `run` answers with the exit code and with
 * what it has found or done; with `--json` it prints no text, and the answer is the last line.
 */
export abstract class Verb extends Command {
  static override flags: Interfaces.FlagInput = {};
  static override baseFlags = globalFlags;
  /** Whether the words behind the first one are the words of another command, flags or not: `exec web ls -l`. */
  static readonly takesCommand: boolean = false;

  /** Flags that docker compose still takes and that have done nothing for years: left out with a word about it. */
  static readonly idle: readonly string[] = [];

  /** Flags that choose a form of text, and so have no meaning for `--json`. */
  static readonly forText: readonly string[] = ["format"];

  /** Whether the answer is asked for as data: `--json`, unless the verb has a flag of this name of its own. */
  protected isJson = false;

  abstract override run(): Promise<Answer>;

  /** Parses and runs; answers with the exit code. Every error is the caller's to report. */
  async execute(command: string, isJson: boolean): Promise<number> {
    this.isJson = isJson;
    if (isJson) this.refuseForms();
    const answer = await this._run<Answer>();
    if (isJson) process.stdout.write(resultLine(command, answer));
    return exitCodeOf(answer);
  }

  /** Throws UsageError for a flag that chooses a form of text. */
  private refuseForms(): void {
    const end = this.argv.indexOf("--");
    const given = this.argv.slice(0, end === -1 ? undefined : end).map((word) => word.split("=", 1)[0]);
    const form = (this.constructor as unknown as VerbClass).forText.find((name) => given.includes(`--${name}`));
    if (form !== undefined) {
      throw new UsageError(`--json and --${form} contradict each other`, { hint: "both say how the answer looks" });
    }
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
  readonly forText: readonly string[];
}

/** The words behind a verb: names of services. */
export const serviceArgs = {
  services: Args.string({ multiple: true, description: "services; none means all", ignoreStdin: true }),
};

/** A flag that may be given several times, one value each. */
export const several = { multiple: true, multipleNonGreedy: true } as const;
