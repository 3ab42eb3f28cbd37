/** The files that are looked for where none is named. */

import { existsSync } from "node:fs";
import { join } from "node:path";

const names = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

export const overrideNames = [
  "compose.override.yml",
  "compose.override.yaml",
  "docker-compose.override.yml",
  "docker-compose.override.yaml",
];

/** The compose files of a directory, or other files that it may have, the best first. Absolute paths for an absolute one. */
export function presentIn(directory: string, candidates: readonly string[] = names): readonly string[] {
  return candidates.map((name) => join(directory, name)).filter((path) => existsSync(path));
}
