import { catchInterrupt } from "./interrupts.ts";
import { bringUp, prepareUp } from "./rounds.ts";
import { checkWatchable, runWatch, watchedProject } from "./run-watch.ts";
import { openProgressFor } from "./screen.ts";
import { openSession } from "./session.ts";
import { Flags, serviceArgs, Verb } from "./verb.ts";

/** `gantry watch`: brings the project up, and keeps its containers up with the files on the disk. */
export default class Watch extends Verb {
  static override summary = "Sync, rebuild and restart as files change";
  static override args = serviceArgs;
  static override flags = {
    "no-up": Flags.boolean({ description: "do not bring the project up first" }),
    prune: Flags.boolean({ allowNo: true, default: true, description: "remove the images that rebuilds replace" }),
    quiet: Flags.boolean({ description: "show no progress of builds" }),
  };

  async run(): Promise<number> {
    const { flags, args } = await this.parse(Watch);
    const services = args.services ?? [];
    const session = await openSession(flags, services);
    const request = await prepareUp(session, flags, services);
    checkWatchable(request, services);
    using interrupt = catchInterrupt();
    if (flags["no-up"] !== true) {
      const progress = await openProgressFor({ ...flags, "quiet-build": flags.quiet === true });
      await bringUp(request, { verb: "watch", flags, yes: false, progress, signal: interrupt.signal });
    }
    return await runWatch(watchedProject(request), {
      flags,
      services,
      prune: flags.prune !== false,
      write: (text) => process.stdout.write(text),
      signal: interrupt.signal,
    });
  }
}
