import manifest from "../../package.json" with { type: "json" };
import type { Answer } from "./answer.ts";
import { Flags, Verb } from "./verb.ts";

/** `gantry version`: what runs here. Needs neither a project nor an engine. */
export default class Version extends Verb {
  static override summary = "Show the version of gantry";
  static override forText = ["format", "short"];
  static override flags = {
    format: Flags.option({ char: "f", options: ["pretty", "json"] as const, description: "how to print it" })(),
    short: Flags.boolean({ description: "the number only" }),
  };

  async run(): Promise<Answer> {
    const { flags } = await this.parse(Version);
    if (flags.json) return { data: { version: manifest.version } };
    if (flags.short) this.log(manifest.version);
    else if (flags.format === "json") this.log(JSON.stringify({ version: `v${manifest.version}` }));
    else this.log(`Gantry version v${manifest.version}`);
    return 0;
  }
}
