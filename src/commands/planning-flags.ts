import type { Interfaces } from "@oclif/core";
import { UsageError } from "../errors.ts";
import type { UpOptions } from "../reconcile/up-options.ts";
import { isTrue } from "./screen.ts";
import { Flags, several } from "./verb.ts";

/** The flags of `up` that change its plan; `plan` takes them too. */
export const planningFlags = {
  "always-recreate-deps": Flags.boolean({
    exclusive: ["no-recreate"],
    description: "replace also what the named services depend on",
  }),
  build: Flags.boolean({ exclusive: ["no-build"], description: "build images first" }),
  "force-recreate": Flags.boolean({ exclusive: ["no-recreate"], description: "replace also what is up to date" }),
  "no-build": Flags.boolean({ description: "never build" }),
  "no-deps": Flags.boolean({ description: "leave alone what the named services depend on" }),
  "no-recreate": Flags.boolean({ description: "replace nothing that exists" }),
  "no-start": Flags.boolean({ description: "create, do not start" }),
  pull: Flags.option({
    options: ["always", "missing", "never", "policy"] as const,
    description: "when to pull images",
  })(),
  "remove-orphans": Flags.boolean({ description: "remove containers whose service is gone" }),
  "renew-anon-volumes": Flags.boolean({
    char: "V",
    exclusive: ["no-recreate"],
    description: "replace with fresh anonymous volumes",
  }),
  scale: Flags.string({ ...several, helpValue: "<service=n>", description: "so many containers of a service" }),
  timeout: timeoutFlag(),
};

type Inferred = Interfaces.InferredFlags<typeof planningFlags>;

/** Those that a verb has, as they were given. */
export type PlanningFlags = { readonly [Name in keyof Inferred]?: Inferred[Name] | undefined };

/** What the planner must know of the flags. `environment`: the project's, for COMPOSE_REMOVE_ORPHANS and the like. */
export function planningOptions(
  flags: PlanningFlags,
  services: readonly string[],
  environment: ReadonlyMap<string, string>,
) {
  const ignoreOrphans = isTrue(environment.get("COMPOSE_IGNORE_ORPHANS"));
  if (flags["remove-orphans"] && ignoreOrphans) {
    throw new UsageError("--remove-orphans cannot be used with COMPOSE_IGNORE_ORPHANS");
  }
  return {
    services,
    noDeps: flags["no-deps"] === true,
    forceRecreate: flags["force-recreate"] === true || flags["renew-anon-volumes"] === true,
    noRecreate: flags["no-recreate"] === true,
    alwaysRecreateDeps: flags["always-recreate-deps"] === true,
    renewAnonymousVolumes: flags["renew-anon-volumes"] === true,
    scale: parseScale(flags.scale ?? []),
    removeOrphans: flags["remove-orphans"] ?? isTrue(environment.get("COMPOSE_REMOVE_ORPHANS")),
    ignoreOrphans,
    noStart: flags["no-start"] === true,
    ...(flags.timeout !== undefined && { timeout: flags.timeout }),
  } satisfies Partial<UpOptions>;
}

/** Seconds that a container gets to stop before it is killed. */
export function timeoutFlag() {
  return Flags.integer({ char: "t", min: -1, helpValue: "<s>", description: "seconds until a stopping one is killed" });
}

/** `web=3` → web, 3. The last one counts. Throws UsageError, naming the flag, for anything else. */
export function parseScale(values: readonly string[], flag = "--scale "): ReadonlyMap<string, number> {
  return new Map(
    values.map((text): [string, number] => {
      const match = /^([^=]+)=(\d+)$/.exec(text);
      if (match?.[1] === undefined || match[2] === undefined) {
        throw new UsageError(`${flag}"${text}" is not a service and a number`, { hint: `write ${flag}web=3` });
      }
      return [match[1], Number(match[2])];
    }),
  );
}
