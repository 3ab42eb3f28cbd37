import { mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { GantryError } from "../../errors.ts";

/**
 * The directory of a cache entry. What is not there is made elsewhere and takes its place in one step when it is whole, so
 * that an entry is never half of something; whoever else makes the same entry at the same time makes the same.
 *
 * @param name of the entry: of the content, never of the user
 * @param fill fills an empty directory
 * @throws GantryError when the cache cannot be written
 */
export async function cacheEntry(
  cache: string,
  name: string,
  fill: (directory: string) => Promise<void>,
): Promise<string> {
  const entry = join(cache, name);
  if (await isThere(entry)) return entry;
  const temporary = await makeTemporary(cache);
  try {
    await fill(temporary);
    await rename(temporary, entry);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (!(await isThere(entry))) throw error;
  }
  return entry;
}

async function makeTemporary(cache: string): Promise<string> {
  try {
    await mkdir(cache, { recursive: true, mode: 0o700 });
    return await mkdtemp(join(cache, "partial-"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new GantryError(`the cache ${cache} cannot be written: ${reason}`, {
      hint: "set XDG_CACHE_HOME to a directory of yours",
    });
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
