import { UsageError } from "../errors.ts";
import { helpOfGantry, helpOfVerb } from "./help-text.ts";
import { Args, Verb } from "./verb.ts";
import { verbs } from "./verbs.ts";

/** `gantry help [VERB]`. */
export default class Help extends Verb {
  static override summary = "Show the verbs, or the flags of one verb";
  static override args = { verb: Args.string({ description: "the verb to tell about", ignoreStdin: true }) };

  async run(): Promise<number> {
    const { verb } = (await this.parse(Help)).args;
    if (verb === undefined) {
      process.stdout.write(helpOfGantry());
      return 0;
    }
    const entry = verbs.get(verb);
    if (entry === undefined) throw new UsageError(`unknown verb "${verb}"`);
    process.stdout.write(helpOfVerb(verb, await entry.load()));
    return 0;
  }
}
