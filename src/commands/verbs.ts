import type { Interfaces } from "@oclif/core";
import type { Config } from "@oclif/core/config";
import type { Verb } from "./verb.ts";

export interface VerbClass {
  new (argv: string[], config: Config): Verb;
  readonly summary?: string;
  readonly description?: string | undefined;
  readonly flags: Interfaces.FlagInput;
  readonly args: Interfaces.ArgInput;
}

export interface VerbEntry {
  readonly summary: string;
  load(): Promise<VerbClass>;
}

/** Every verb, in the order of the help. What a verb needs is loaded when it is used. */
export const verbs: ReadonlyMap<string, VerbEntry> = new Map([
  verb("version", "Show gantry's version", () => import("./version.ts")),
  verb("help", "Show the verbs, or the flags of one verb", () => import("./help.ts")),
]);

function verb(name: string, summary: string, load: () => Promise<{ default: VerbClass }>): [string, VerbEntry] {
  return [name, { summary, load: async () => (await load()).default }];
}
