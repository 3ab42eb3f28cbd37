import { homedir } from "node:os";
import { join } from "node:path";
import type { RemoteReference } from "../../compose/remote.ts";
import { GantryError } from "../../errors.ts";
import type { Globals } from "../global-flags.ts";
import { processEnvironment } from "../process-environment.ts";
import { fetchArtifact } from "./artifact.ts";
import { fetchRepository } from "./repository.ts";
import { requireTrust } from "./trust.ts";

/**
 * Brings a remote compose file to the cache of this machine (`$XDG_CACHE_HOME/gantry/remote`), once it is trusted.
 * COMPOSE_EXPERIMENTAL_GIT_REMOTE and COMPOSE_EXPERIMENTAL_OCI_REMOTE switch either kind off, as with docker compose.
 *
 * @returns the absolute path of the directory that holds it
 * @throws GantryError when it is switched off, not trusted, or cannot be fetched
 */
export async function fetchRemote(reference: RemoteReference, flags: Globals): Promise<string> {
  const environment = processEnvironment();
  const { kind, text } = reference;
  const gate = `COMPOSE_EXPERIMENTAL_${kind.toUpperCase()}_REMOTE`;
  if (/^(0|f|false)$/i.test(environment.get(gate) ?? "")) {
    throw new GantryError(`"${text}" is not fetched: ${gate} is ${environment.get(gate)}`, {
      hint: `unset ${gate}, or fetch it yourself and give the path of the file`,
    });
  }
  await requireTrust(reference, flags, environment);
  const base = environment.get("XDG_CACHE_HOME") || join(environment.get("HOME") || homedir(), ".cache");
  const cache = join(base, "gantry/remote", kind);
  return reference.kind === "git"
    ? fetchRepository(reference, cache, environment)
    : fetchArtifact(reference, cache, environment, flags["insecure-registry"]);
}
