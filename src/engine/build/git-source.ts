/** Git repositories as ADD and build contexts name them. Pure. */

import { badRequest } from "../refusal.ts";

export interface GitSource {
  readonly url: string;
  /** A branch, tag or commit. */
  readonly ref?: string;
  readonly subdirectory?: string;
}

/** `git@host:path`, `git://…`, `ssh://…`, and HTTP URLs whose path ends in `.git`. */
export function isGit(source: string): boolean {
  if (/^(?:git|ssh):\/\//.test(source) || /^[\w.-]+@[\w.-]+:/.test(source)) return true;
  return /^https?:\/\/[^?#]+\.git(?:[?#]|$)/.test(source);
}

/** `repo.git#ref:directory`, or `repo.git?branch=…&subdir=…`. EngineError 400 for what git would take for an option. */
export function parseGit(source: string): GitSource {
  const hash = source.indexOf("#");
  const before = hash === -1 ? source : source.slice(0, hash);
  const [fragmentRef = "", fragmentFolder = ""] = hash === -1 ? [] : splitOnce(source.slice(hash + 1));
  const question = before.indexOf("?");
  const url = question === -1 ? before : before.slice(0, question);
  const query = new URLSearchParams(question === -1 ? "" : before.slice(question + 1));
  const ref = query.get("commit") ?? query.get("tag") ?? query.get("branch") ?? query.get("ref") ?? fragmentRef;
  const subdirectory = query.get("subdir") ?? fragmentFolder;
  for (const text of [url, ref])
    if (text.startsWith("-")) throw badRequest(`"${text}" is no git repository, branch or commit`);
  return { url, ...(ref !== "" && { ref }), ...(subdirectory !== "" && { subdirectory }) };
}

function splitOnce(text: string): readonly [string, string] {
  const colon = text.indexOf(":");
  return colon === -1 ? [text, ""] : [text.slice(0, colon), text.slice(colon + 1)];
}
