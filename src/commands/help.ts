import { UsageError } from "../errors.ts";
import { helpOfGantry, helpOfTopic, helpOfVerb } from "./help-text.ts";
import { Args, Verb } from "./verb.ts";
import { topics, verbs } from "./verbs.ts";

/** `gantry help [VERB]`; a topic, such as `container`, has verbs of its own. */
export default class Help extends Verb {
  static override summary = "Show the verbs, or the flags of one verb";
  static override args = {
    verb: Args.string({ multiple: true, description: "the verb to tell about", ignoreStdin: true }),
  };

  async run(): Promise<number> {
    const verb = ((await this.parse(Help)).args.verb ?? []).join(" ");
    if (verb === "" || topics.has(verb)) {
      process.stdout.write(verb === "" ? helpOfGantry() : helpOfTopic(verb));
      return 0;
    }
    const entry = verbs.get(verb);
    if (entry === undefined) throw new UsageError(`unknown verb "${verb}"`);
    process.stdout.write(helpOfVerb(verb, await entry.load()));
    return 0;
  }
}
