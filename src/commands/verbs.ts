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
  verb("up", "Bring the project up: create, update and start", () => import("./up.ts")),
  verb("down", "Take the project down: stop and remove", () => import("./down.ts")),
  verb("plan", "Show what up would do, and why", () => import("./plan.ts")),
  verb("ps", "List the project's containers", () => import("./ps.ts")),
  verb("logs", "Show the containers' output", () => import("./logs.ts")),
  verb("config", "Check the files and print what they mean", () => import("./config.ts")),
  verb("build", "Build images", () => import("./build.ts")),
  verb("pull", "Pull images", () => import("./pull.ts")),
  verb("start", "Start containers that exist", () => import("./start.ts")),
  verb("stop", "Stop containers", () => import("./stop.ts")),
  verb("restart", "Restart containers", () => import("./restart.ts")),
  verb("ls", "List the engine's projects", () => import("./ls.ts")),
  verb("daemon", "Run the embedded engine", () => import("./daemon.ts")),
  verb("doctor", "Check this machine for the embedded engine", () => import("./doctor.ts")),
  verb("version", "Show gantry's version", () => import("./version.ts")),
  verb("help", "Show the verbs, or the flags of one verb", () => import("./help.ts")),
]);

function verb(name: string, summary: string, load: () => Promise<{ default: VerbClass }>): [string, VerbEntry] {
  return [name, { summary, load: async () => (await load()).default }];
}
