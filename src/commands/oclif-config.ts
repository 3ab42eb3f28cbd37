import type { Interfaces } from "@oclif/core";
import { Config } from "@oclif/core/config";
import manifest from "../../package.json" with { type: "json" };

/**
 * What oclif's commands and help ask of their configuration. The verbs are in verbs.ts and there are no plug-ins, so
 * nothing is looked for on the disk and no hook runs.
 */
class StaticConfig extends Config {
  override readonly bin = "gantry";
  override readonly name = "gantry";
  override readonly version = manifest.version;
  override readonly topicSeparator = " " as const;

  override async runHook<T extends keyof Interfaces.Hooks>(): Promise<
    Interfaces.Hook.Result<Interfaces.Hooks[T]["return"]>
  > {
    return { successes: [], failures: [] };
  }
}

/** The configuration of this executable. */
export function oclifConfig(): Config {
  return new StaticConfig({ root: "." });
}
