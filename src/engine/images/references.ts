/** References in the forms that the API's calls take them. Pure. */

import { familiarName, formatReference, parseReference } from "../reference.ts";
import { badRequest } from "../refusal.ts";

/** `repo` and `tag` as one reference in its short form, `name:tag`. EngineError 400 for a bad one, in docker's words. */
export function taggedReference(repo: string, tag: string | undefined): string {
  const given = tag === undefined || tag === "" ? repo : `${repo}:${tag}`;
  const { digest, tag: parsed, ...name } = reference(given);
  if (digest !== undefined) throw badRequest("refusing to create a tag with a digest reference");
  return formatReference({ ...name, tag: parsed ?? "latest" });
}

/** EngineError 400 for what is no reference. */
export function reference(text: string): ReturnType<typeof parseReference> {
  try {
    return parseReference(text);
  } catch (error) {
    const upper = /upper|lower case/.test(error instanceof Error ? error.message : "");
    throw badRequest(
      upper ? "invalid reference format: repository name must be lowercase" : "invalid reference format",
      error,
    );
  }
}

/** The name of a reference in its short form, without tag and digest. */
export function nameOf(short: string): string {
  return familiarName(reference(short));
}

export const hasDigest = (short: string): boolean => short.includes("@");
