import { credentialKey, hubKey } from "../engine/credentials.ts";
import { eraseCredentials } from "../engine/store-credentials.ts";
import type { Answer } from "./answer.ts";
import { processEnvironment } from "./process-environment.ts";
import { Args, Verb } from "./verb.ts";

/** `gantry logout`: forgets the credentials for a registry. Needs no engine. */
export default class Logout extends Verb {
  static override summary = "Log out from a registry";
  static override args = {
    server: Args.string({ description: "the registry; Docker Hub unless given", ignoreStdin: true }),
  };

  async run(): Promise<Answer> {
    const { args, flags } = await this.parse(Logout);
    const key = credentialKey(args.server);
    // Old versions of docker wrote URLs.
    const spellings = key === hubKey ? [key] : [key, `http://${key}`, `https://${key}`];
    const wereThere = await eraseCredentials(spellings, processEnvironment());
    if (flags.json) return { data: { registry: key, removed: wereThere } };
    process.stdout.write(wereThere ? `Removing login credentials for ${key}\n` : `Not logged in to ${key}\n`);
    return 0;
  }
}
