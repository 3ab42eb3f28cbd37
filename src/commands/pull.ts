import manifest from "../../package.json" with { type: "json" };
import { select } from "../compose/select.ts";
import { planPull } from "../reconcile/images.ts";
import { observe } from "../reconcile/observe.ts";
import type { Answer } from "./answer.ts";
import { finish } from "./carry-out.ts";
import { openSession } from "./session.ts";
import { Flags, serviceArgs, Verb } from "./verb.ts";

/** `gantry pull`: pulls the services' images. */
export default class Pull extends Verb {
  static override summary = "Pull images";
  static override args = serviceArgs;
  static override idle = ["no-parallel", "parallel"];
  static override flags = {
    "ignore-buildable": Flags.boolean({ description: "leave out services that have a build section" }),
    "ignore-pull-failures": Flags.boolean({ description: "go on after a pull that failed" }),
    "include-deps": Flags.boolean({ description: "also for what the named services depend on" }),
    policy: Flags.option({ options: ["missing", "always"] as const, description: "when to pull" })(),
    quiet: Flags.boolean({ char: "q", description: "show no progress" }),
  };

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Pull);
    const session = await openSession(flags, args.services);
    const model = select(session.loaded.project, args.services ?? [], { dependencies: flags["include-deps"] === true });
    const planned = planPull(model, await observe(session.engine, session.name, model), {
      version: manifest.version,
      ignoreBuildable: flags["ignore-buildable"] === true,
      ignoreFailures: flags["ignore-pull-failures"] === true,
      locate: (path) => session.loaded.locate(path),
      ...(flags.policy !== undefined && { policy: flags.policy }),
    });
    return await finish(session, planned, flags);
  }
}
