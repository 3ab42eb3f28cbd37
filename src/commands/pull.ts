import manifest from "../../package.json" with { type: "json" };
import { planPull } from "../reconcile/images.ts";
import { perform } from "./carry-out.ts";
import { chosenModel, openSession } from "./session.ts";
import { Flags, serviceArgs, Verb } from "./verb.ts";

/** `gantry pull`: pulls the services' images. */
export default class Pull extends Verb {
  static override summary = "Pull images";
  static override args = serviceArgs;
  static override flags = {
    "ignore-buildable": Flags.boolean({ description: "leave out services that have a build section" }),
    "ignore-pull-failures": Flags.boolean({ description: "go on after a pull that failed" }),
    "include-deps": Flags.boolean({ description: "also for what the named services depend on" }),
    policy: Flags.option({ options: ["missing", "always"] as const, description: "when to pull" })(),
    quiet: Flags.boolean({ char: "q", description: "show no progress" }),
  };

  async run(): Promise<number> {
    const { flags, args } = await this.parse(Pull);
    const session = await openSession(flags, args.services);
    const model = chosenModel(session, args.services ?? [], flags["include-deps"] === true);
    const planned = planPull(model, await session.observe(), {
      version: manifest.version,
      ignoreBuildable: flags["ignore-buildable"] === true,
      ignoreFailures: flags["ignore-pull-failures"] === true,
      ...(session.locate && { locate: session.locate }),
      ...(flags.policy !== undefined && { policy: flags.policy }),
    });
    await perform(session, planned, flags);
    return 0;
  }
}
