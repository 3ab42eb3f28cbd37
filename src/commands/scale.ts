import { UsageError } from "../errors.ts";
import { catchInterrupts } from "./interrupts.ts";
import { roundsText } from "./plan.ts";
import { parseScale, planningFlags } from "./planning-flags.ts";
import { bringUp, planRounds, prepareUp } from "./rounds.ts";
import { openProgressFor } from "./screen.ts";
import { openSession } from "./session.ts";
import { Args, Verb } from "./verb.ts";

/** `gantry scale`: so many containers of these services, and what they depend on. */
export default class Scale extends Verb {
  static override summary = "Set how many containers services have";
  static override args = {
    "service=n": Args.string({ multiple: true, description: "services, and how many of each", ignoreStdin: true }),
  };
  static override flags = { "no-deps": planningFlags["no-deps"] };

  async run(): Promise<number> {
    const { flags: given, args } = await this.parse(Scale);
    const wanted = args["service=n"] ?? [];
    if (wanted.length === 0) throw new UsageError("scale needs a service and a number", { hint: "scale web=3" });
    const services = [...parseScale(wanted, "").keys()];
    const flags = { ...given, scale: wanted };
    const request = await prepareUp(await openSession(flags, services), flags, services);
    if (flags["dry-run"]) {
      process.stdout.write(roundsText(await planRounds(request, flags), flags.json === true));
      return 0;
    }
    using interrupts = catchInterrupts();
    interrupts.second.addEventListener("abort", () => process.exit(interrupts.second.reason.exitCode));
    await bringUp(request, {
      verb: "scale",
      flags,
      yes: false,
      progress: await openProgressFor(flags),
      signal: interrupts.first,
    });
    return 0;
  }
}
