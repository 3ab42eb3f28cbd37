import { UsageError } from "../errors.ts";
import type { Answer } from "./answer.ts";
import { bringUpDetached } from "./bring-up-detached.ts";
import { parseScale, planningFlags } from "./planning-flags.ts";
import { prepareUp } from "./rounds.ts";
import { openSession } from "./session.ts";
import { Args, Verb } from "./verb.ts";

/** `gantry scale`: so many containers of these services, and what they depend on. */
export default class Scale extends Verb {
  static override summary = "Set how many containers services have";
  static override args = {
    "service=n": Args.string({ multiple: true, description: "services, and how many of each", ignoreStdin: true }),
  };
  static override flags = { "no-deps": planningFlags["no-deps"] };

  async run(): Promise<Answer> {
    const { flags: given, args } = await this.parse(Scale);
    const wanted = args["service=n"] ?? [];
    if (wanted.length === 0) throw new UsageError("scale needs a service and a number", { hint: "scale web=3" });
    const services = [...parseScale(wanted, "").keys()];
    const flags = { ...given, scale: wanted };
    const request = await prepareUp(await openSession(flags, services), flags, services);
    return bringUpDetached(request, { verb: "scale", flags, yes: false });
  }
}
