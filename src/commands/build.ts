import manifest from "../../package.json" with { type: "json" };
import { select } from "../compose/select.ts";
import { parseSize } from "../compose/short/size.ts";
import { UsageError } from "../errors.ts";
import { planBuild } from "../reconcile/images.ts";
import { finish } from "./carry-out.ts";
import { openSession } from "./session.ts";
import { Flags, serviceArgs, several, Verb } from "./verb.ts";

/** `gantry build`: builds the images of services that have a build section. */
export default class Build extends Verb {
  static override summary = "Build images";
  static override args = serviceArgs;
  static override idle = ["compress", "force-rm", "no-rm", "parallel"];
  static override flags = {
    "build-arg": Flags.string({ ...several, helpValue: "<name=value>", description: "set a build argument" }),
    memory: Flags.string({ char: "m", helpValue: "<size>", description: "limit of the build's memory: 512m" }),
    "no-cache": Flags.boolean({ description: "build every step anew" }),
    pull: Flags.boolean({ description: "look for newer base images" }),
    quiet: Flags.boolean({ char: "q", description: "show no progress" }),
    "with-dependencies": Flags.boolean({ description: "also what the named services depend on" }),
  };

  async run(): Promise<number> {
    const { flags, args } = await this.parse(Build);
    const session = await openSession(flags, args.services);
    const model = select(session.loaded.project, args.services ?? [], {
      dependencies: flags["with-dependencies"] === true,
    });
    const planned = planBuild(model, {
      version: manifest.version,
      buildArgs: new Map((flags["build-arg"] ?? []).map(parseBuildArg)),
      noCache: flags["no-cache"] === true,
      pull: flags.pull === true,
      ...(flags.memory !== undefined && { memory: parseMemory(flags.memory) }),
      locate: (path) => session.loaded.locate(path),
    });
    if (planned.plan.steps.length === 0 && planned.errors.length === 0) {
      process.stderr.write("nothing to build: no service has a build section\n");
    }
    await finish(session, planned, flags);
    return 0;
  }
}

/** `A=1`; `A` alone takes the value of the environment. */
function parseBuildArg(text: string): [string, string | null] {
  const equals = text.indexOf("=");
  return equals === -1 ? [text, null] : [text.slice(0, equals), text.slice(equals + 1)];
}

function parseMemory(text: string): number {
  const parsed = parseSize(text);
  if ("error" in parsed) throw new UsageError(`--memory: ${parsed.error}`);
  return parsed.value;
}
