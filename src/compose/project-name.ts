import { basename } from "node:path";
import { ProjectError } from "../errors.ts";
import { problem } from "./codes.ts";
import { child } from "./node.ts";
import type { ParsedDocument } from "./parse.ts";
import { substitute } from "./template.ts";

/** Names that -p and COMPOSE_PROJECT_NAME may give. */
const valid = /^[a-z0-9][a-z0-9_-]*$/;

/**
 * The project's name: what the user gave (-p, else COMPOSE_PROJECT_NAME), else the last `name:` of the files, else the
 * name of the project's directory. May be empty, when nothing usable is left of either.
 * Source: compose-spec, "Name top-level element"; compose-go loader.projectName.
 *
 * @throws ProjectError when the given name is not valid as it stands
 */
export function findProjectName(
  given: string | undefined,
  documents: readonly ParsedDocument[],
  environment: ReadonlyMap<string, string>,
  directory: string,
): string {
  const wanted = given || environment.get("COMPOSE_PROJECT_NAME");
  if (wanted !== undefined && wanted !== "") {
    if (valid.test(wanted)) return wanted;
    const rule =
      "must consist only of lowercase alphanumeric characters, hyphens, and underscores as well as start with a letter or number";
    const better = normaliseProjectName(wanted);
    const hint = better === "" ? undefined : `"${better}" would do`;
    throw new ProjectError([problem("invalid-name", `invalid project name "${wanted}": ${rule}`, undefined, hint)]);
  }
  for (const { root } of documents.toReversed()) {
    const name = child(root, "name");
    if (name?.kind === "scalar" && name.type === "string" && name.text !== "") {
      return normaliseProjectName(substitute(name.text, (variable) => environment.get(variable)).text);
    }
  }
  return normaliseProjectName(basename(directory));
}

/**
 * Makes a project name of any text: lower case, without what is not a letter, a digit, `_` or `-`, and without leading
 * `_` and `-`. Empty when nothing is left.
 */
export function normaliseProjectName(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, "")
    .replace(/^[_-]+/, "");
}
