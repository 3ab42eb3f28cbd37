import type { Interfaces } from "@oclif/core";
import type { EngineClient } from "../../engine/client.ts";
import { EngineError, UsageError } from "../../errors.ts";
import type { Change } from "../../ui/changes.ts";
import { envelope } from "../../ui/envelope.ts";
import type { Answer } from "../answer.ts";
import type { Globals } from "../global-flags.ts";
import { openEngine } from "../session.ts";
import type { VerbClass } from "../verb.ts";
import { Args, Flags, several, Verb } from "../verb.ts";

/** What a verb of the engine's own is given. */
export interface Call<F> {
  readonly engine: EngineClient;
  readonly words: readonly string[];
  readonly flags: F & Globals;
}

/** The values of flags; `json` is a global one. */
export type FlagsOf<T extends Interfaces.FlagInput> = Omit<Interfaces.InferredFlags<T>, "json">;

interface Definition<F extends Interfaces.OutputFlags<Interfaces.FlagInput>> {
  readonly summary: string;
  /** What its words are, `containers`; absent: it takes none. */
  readonly words?: string;
  /** It works without any of them. */
  readonly optional?: boolean;
  readonly flags?: Interfaces.FlagInput<F>;
  /** The words behind the first one are the words of another command. */
  readonly takesCommand?: boolean;
  /** Answers with what was found or done, and the exit code where it is not 0. */
  readonly run: (call: Call<F>) => Promise<Exclude<Answer, number> | undefined> | Promise<void>;
}

/** A verb that is thin over the engine's API: no project, no plan. */
export function engineVerb<F extends Interfaces.OutputFlags<Interfaces.FlagInput>>(
  definition: Definition<F>,
): VerbClass {
  const { words, optional = false } = definition;
  return class EngineVerb extends Verb {
    static override summary = definition.summary;
    static override args: Interfaces.ArgInput =
      words === undefined
        ? {}
        : { [words]: Args.string({ multiple: true, required: !optional, description: words, ignoreStdin: true }) };
    static override flags: Interfaces.FlagInput = definition.flags ?? {};
    // Of a list, --quiet chooses a form too.
    static override forText = "format" in this.flags && "quiet" in this.flags ? ["format", "quiet"] : ["format"];
    static override takesCommand = definition.takesCommand === true;

    async run(): Promise<Answer> {
      const { flags, args } = await this.parse<F & Globals, Globals, Record<string, string[] | undefined>>();
      if (flags["dry-run"]) {
        throw new UsageError("--dry-run shows a project's plan, and there is none here", { hint: "leave it out" });
      }
      const engine = await openEngine(flags);
      const given = words === undefined ? [] : (args[words] ?? []);
      return (await definition.run({ engine, words: given, flags })) ?? 0;
    }
  };
}

interface EachDefinition<F extends Interfaces.OutputFlags<Interfaces.FlagInput>> extends Omit<Definition<F>, "run"> {
  /** What is done, in the words of a plan's steps: `start-container`. */
  readonly action: string;
  readonly act: (call: Call<F>, word: string) => Promise<unknown>;
}

/**
 * A verb that does one thing to each of the things named, and prints the names of those that it was done to; with `--json`
 * a line for each.
 */
export function eachVerb<F extends Interfaces.OutputFlags<Interfaces.FlagInput>>({
  act,
  action,
  ...definition
}: EachDefinition<F>): VerbClass {
  return engineVerb<F>({
    ...definition,
    run: async (call) => {
      const done = await Promise.allSettled(call.words.map((word) => act(call, word)));
      const changes = done.map((end, i) => changeOf(action, call.words[i] ?? "", end));
      for (const { result, name, ...change } of changes) {
        if (call.flags.json) process.stdout.write(envelope("step", { ...change, name, state: result }));
        else if (result === "done") process.stdout.write(`${name}\n`);
      }
      throwAll(done);
      return { data: { changes } };
    },
  });
}

function changeOf(action: string, name: string, end: PromiseSettledResult<unknown>): Change {
  if (end.status === "fulfilled") return done(action, name);
  const message = end.reason instanceof Error ? end.reason.message : String(end.reason);
  return { ...done(action, name), result: "failed", message };
}

/** A change that was made, `create-network`; its last word is what kind of thing it was made to. */
export function done(action: string, name: string, id?: string): Change {
  return { action, kind: action.split("-").at(-1) ?? "", name, ...(id !== undefined && { id }), result: "done" };
}

/** A verb that prints what the engine knows of each of the things named, as a JSON list, as docker does. */
export function inspectVerb(kind: string, inspect: (engine: EngineClient, word: string) => Promise<object>): VerbClass {
  return engineVerb({
    summary: `Show all that the engine knows of ${kind}`,
    words: kind,
    run: async ({ engine, words, flags }) => {
      const found = await Promise.allSettled(words.map((word) => inspect(engine, word)));
      const known = found.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
      if (!flags.json) process.stdout.write(`${JSON.stringify(known, null, 4)}\n`);
      throwAll(found);
      return { data: { [kind]: known } };
    },
  });
}

function throwAll(results: readonly PromiseSettledResult<unknown>[]): void {
  const errors: unknown[] = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors);
}

/** `--filter key=value`, several times, as the engine takes it. */
export const filterFlag = Flags.string({ ...several, helpValue: "<key=value>", description: "only those with this" });

/** Throws EngineError for one without `=`. */
export function readFilters(filters: readonly string[] = []): Readonly<Record<string, readonly string[]>> {
  const pairs = filters.map((text): [string, string] => {
    const [key = "", value] = text.split(/=(.*)/s);
    if (value === undefined) throw new EngineError(`--filter ${text}: write KEY=VALUE`);
    return [key, value];
  });
  const grouped = Map.groupBy(pairs, ([key]) => key);
  return Object.fromEntries([...grouped].map(([key, values]) => [key, values.map(([, value]) => value)]));
}

/** `A=1` and `B` of a flag as a record. */
export function readPairs(pairs: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(pairs.map((text) => text.split(/=(.*)/s)).map(([key = "", value = ""]) => [key, value]));
}
