import type { Interfaces } from "@oclif/core";
import { UsageError } from "../errors.ts";
import type { Answer } from "./answer.ts";
import { globalFlags } from "./global-flags.ts";
import { helpOfGantry, helpOfTopic, helpOfVerb } from "./help-text.ts";
import { Args, Verb, type VerbClass } from "./verb.ts";
import { topics, type VerbEntry, verbs, verbsOf } from "./verbs.ts";

/** `gantry help [VERB]`; a topic, such as `container`, has verbs of its own. */
export default class Help extends Verb {
  static override summary = "Show the verbs, or the flags of one verb";
  static override args = {
    verb: Args.string({ multiple: true, description: "the verb to tell about", ignoreStdin: true }),
  };

  async run(): Promise<Answer> {
    const { args, flags } = await this.parse(Help);
    const verb = (args.verb ?? []).join(" ");
    if (verb === "" || topics.has(verb)) {
      if (flags.json) return { data: { verbs: verbsAsData(verb === "" ? verbs : verbsOf(verb)) } };
      process.stdout.write(verb === "" ? helpOfGantry() : helpOfTopic(verb));
      return 0;
    }
    const entry = verbs.get(verb);
    if (entry === undefined) throw new UsageError(`unknown verb "${verb}"`);
    const found = await entry.load();
    if (flags.json) return { data: verbAsData(verb, entry.summary, found) };
    process.stdout.write(helpOfVerb(verb, found));
    return 0;
  }
}

function verbsAsData(list: ReadonlyMap<string, VerbEntry>): readonly object[] {
  return [...list].map(([verb, { summary }]) => ({ verb, summary }));
}

/** What a verb says of itself; the flags that every verb has stand apart. */
function verbAsData(verb: string, summary: string, { description, args, flags }: VerbClass): object {
  const flagsAsData = (list: Interfaces.FlagInput) =>
    Object.entries(list)
      .filter(([, { hidden }]) => hidden !== true)
      .map(([name, { char, description: text = "", ...flag }]) => ({
        name,
        ...(char !== undefined && { char }),
        description: text,
        takesValue: flag.type === "option",
        several: flag.type === "option" && flag.multiple === true,
        ...(flag.type === "option" && flag.options !== undefined && { values: flag.options }),
      }));
  return {
    verb,
    summary,
    ...(description !== undefined && { description }),
    arguments: Object.entries(args).map(([name, { description: text = "", required, multiple }]) => ({
      name,
      description: text,
      required: required === true,
      several: multiple === true,
    })),
    flags: flagsAsData(flags),
    globalFlags: flagsAsData(globalFlags),
  };
}
