import { normaliseProjectName } from "../compose/project-name.ts";
import { UsageError } from "../errors.ts";
import type { Globals } from "./global-flags.ts";

/**
 * The name of the copy of the project that is meant: `--isolate`, else GANTRY_ISOLATE; undefined for the project itself.
 * Throws UsageError for what cannot be part of a project's name.
 */
export function isolationOf({ isolate }: Pick<Globals, "isolate">): string | undefined {
  const name = isolate ?? process.env.GANTRY_ISOLATE;
  if (name === undefined || name === "") return undefined;
  if (/^[a-z0-9_-]+$/.test(name)) return name;
  const better = normaliseProjectName(name.replaceAll(/[/. ]/g, "-"));
  throw new UsageError(`--isolate ${name}: a copy's name consists of lower-case letters, digits, - and _`, {
    ...(better !== "" && { hint: `"${better}" would do` }),
  });
}

/** The name of the project on the engine, of which `name` is the first copy's. */
export function isolatedName(name: string, flags: Pick<Globals, "isolate">): string {
  const copy = isolationOf(flags);
  return copy === undefined ? name : `${name}-${copy}`;
}
