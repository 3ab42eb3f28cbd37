import { select } from "../compose/select.ts";
import { planPush } from "../reconcile/images.ts";
import type { Answer } from "./answer.ts";
import { finish } from "./carry-out.ts";
import { openSession } from "./session.ts";
import { Flags, serviceArgs, Verb } from "./verb.ts";

/** `gantry push`: pushes the images of services that have a build section and an image's name. */
export default class Push extends Verb {
  static override summary = "Push images";
  static override args = serviceArgs;
  static override flags = {
    "ignore-push-failures": Flags.boolean({ description: "go on after a push that failed" }),
    "include-deps": Flags.boolean({ description: "also for what the named services depend on" }),
    quiet: Flags.boolean({ char: "q", description: "show no progress" }),
  };

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Push);
    const session = await openSession(flags, args.services);
    const model = select(session.loaded.project, args.services ?? [], { dependencies: flags["include-deps"] === true });
    if (!flags.quiet && !flags["dry-run"]) {
      for (const { name, image, build } of model.services.values()) {
        if (image === undefined || build === undefined) process.stderr.write(` ${name}  Skipped\n`);
      }
    }
    return await finish(session, planPush(model, { ignoreFailures: flags["ignore-push-failures"] === true }), flags);
  }
}
