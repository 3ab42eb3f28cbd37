/** All tags of a repository. */

import { familiarName, type ImageReference } from "../reference.ts";
import { internal } from "../refusal.ts";
import { pullFailure, readFailure } from "./failure.ts";
import type { Registry } from "./open-registry.ts";

const mostPages = 100;

/** EngineError 404 where there is no such repository, 500 for a list without end. */
export async function listTags(registry: Registry, reference: ImageReference): Promise<readonly string[]> {
  const { repository } = reference;
  const tags: string[] = [];
  let path = `/v2/${repository}/tags/list`;
  for (let page = 0; page < mostPages; page++) {
    const response = await registry.request({ method: "GET", path, scope: { repository, actions: ["pull"] } });
    if (response.status !== 200) {
      const name = familiarName(reference);
      throw pullFailure(await readFailure(response), name, name);
    }
    const { tags: found } = JSON.parse(await response.text()) as { readonly tags?: unknown };
    if (Array.isArray(found)) tags.push(...found.filter((tag): tag is string => typeof tag === "string"));
    const next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(response.header("link") ?? "")?.[1];
    if (next === undefined) return tags;
    path = next;
  }
  throw internal(`the list of tags of ${familiarName(reference)} has no end`);
}
