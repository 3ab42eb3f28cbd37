import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { ProjectModel } from "../compose/model.ts";
import { filePaths } from "../reconcile/body-files.ts";
import { seccompProfilePaths } from "../reconcile/body-security.ts";
import type { UpOptions } from "../reconcile/up-options.ts";

/**
 * What the planner must know of files on this machine: digests of secrets and configs, texts of seccomp profiles. A file
 * that cannot be read has no entry; what that means is the planner's and the engine's to say.
 */
export async function readProjectFiles(
  project: ProjectModel,
): Promise<Required<Pick<UpOptions, "fileDigests" | "seccompProfiles">>> {
  const services = [...project.services.values()];
  const digested = services.flatMap((service) => filePaths(project, service));
  const profiles = services.flatMap((service) => seccompProfilePaths(project, service));
  const [fileDigests, seccompProfiles] = await Promise.all([
    readEach(digested, (bytes) => createHash("sha256").update(bytes).digest("hex")),
    readEach(profiles, (bytes) => bytes.toString("utf8")),
  ]);
  return { fileDigests, seccompProfiles };
}

async function readEach(
  paths: readonly string[],
  use: (bytes: Buffer) => string,
): Promise<ReadonlyMap<string, string>> {
  const read = async (path: string): Promise<[string, string][]> => {
    try {
      return [[path, use(await readFile(path))]];
    } catch {
      return [];
    }
  };
  return new Map((await Promise.all([...new Set(paths)].map(read))).flat());
}
