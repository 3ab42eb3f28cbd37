/** Removes a directory that may hold anything, but never what is mounted in it. */

import { readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { temporaryPrefix } from "../daemon/durable.ts";

/**
 * One that is not there is no error. It vanishes under its name at once; what is removed bit by bit after that is swept at
 * the next start, if need be. Throws where something is mounted in it, or on it.
 */
export async function removeTree(directory: string): Promise<void> {
  const mounted = (await readFile("/proc/self/mountinfo", "utf8"))
    .split("\n")
    .map((line) =>
      (line.split(" ")[4] ?? "").replace(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 8))),
    )
    .find((point) => point === directory || point.startsWith(`${directory}/`));
  if (mounted !== undefined) throw new Error(`${directory} cannot be removed: ${mounted} is mounted`);
  let doomed = directory;
  if (!path.basename(directory).startsWith(temporaryPrefix)) {
    doomed = path.join(path.dirname(directory), `${temporaryPrefix}${path.basename(directory)}`);
    try {
      await rm(doomed, { recursive: true, force: true });
      await rename(directory, doomed);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return;
      throw error;
    }
  }
  await rm(doomed, { recursive: true, force: true });
}
