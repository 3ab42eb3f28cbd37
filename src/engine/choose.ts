/** Which engine to use. */

import { join } from "node:path";
import { EngineError } from "../errors.ts";
import { type Address, parseAddress, type TlsMaterial } from "./address.ts";
import { compareApi, newestApi, oldestApi } from "./api-version.ts";
import { dockerDirectory, type Environment, readDockerConfig } from "./docker-config.ts";
import { answers } from "./embedded.ts";

export interface ChooseOptions {
  /** The flag `--engine`: a URL, or `embedded`. */
  readonly engine?: string;
  readonly environment: Environment;
  /** Gives the URL of the engine that gantry brings along, started where it does not run; absent: there is none here. */
  readonly embedded?: () => Promise<string>;
}

/**
 * The first of: `--engine`, GANTRY_ENGINE, DOCKER_HOST, docker's current context (DOCKER_CONTEXT, else the one in docker's
 * config.json), a socket of docker or podman on this machine that takes connections, the embedded engine. Throws
 * EngineError where there is none, or where the one that is named cannot be used.
 */
export async function chooseEngine({ engine, environment, embedded }: ChooseOptions): Promise<Address> {
  const address = await locate(engine || environment.get("GANTRY_ENGINE"), environment, embedded);
  const pinned = environment.get("DOCKER_API_VERSION")?.replace(/^v/, "");
  if (pinned === undefined || pinned === "") return address;
  if (!/^1\.\d+$/.test(pinned) || compareApi(pinned, oldestApi) < 0) {
    throw new EngineError(`DOCKER_API_VERSION: "${pinned}" is not a version of the engine's API that can be used`, {
      hint: `expected ${oldestApi} to ${newestApi}`,
    });
  }
  return { ...address, apiVersion: pinned };
}

async function locate(
  engine: string | undefined,
  environment: Environment,
  embedded: ChooseOptions["embedded"],
): Promise<Address> {
  if (engine === "embedded") {
    if (embedded !== undefined) return parseAddress(await embedded());
    throw new EngineError("the embedded engine runs on Linux only", {
      hint: "name an engine by its URL, e.g. --engine unix:///var/run/docker.sock",
    });
  }
  const url = engine || environment.get("DOCKER_HOST");
  if (url) return parseAddress(url, await readTls(url, environment));
  const context = environment.get("DOCKER_CONTEXT") || (await readDockerConfig(environment)).currentContext;
  if (context && context !== "default") {
    const { readContext } = await import("./contexts.ts");
    return readContext(context, environment);
  }
  return findSocket(environment, embedded);
}

/** What DOCKER_TLS_VERIFY, DOCKER_TLS and DOCKER_CERT_PATH say, for an address of tcp. */
async function readTls(url: string, environment: Environment): Promise<TlsMaterial | undefined> {
  if (!/^(tcp|https):/.test(url)) return undefined;
  const verify = Boolean(environment.get("DOCKER_TLS_VERIFY"));
  if (!verify && !environment.get("DOCKER_TLS")) return undefined;
  const { readCertificates } = await import("./contexts.ts");
  return readCertificates(environment.get("DOCKER_CERT_PATH") || dockerDirectory(environment), verify);
}

async function findSocket(environment: Environment, embedded: ChooseOptions["embedded"]): Promise<Address> {
  const candidates = socketPaths(environment.get("XDG_RUNTIME_DIR"));
  // A socket may be left over from an engine that is gone.
  for (const path of candidates) if (await answers(path)) return parseAddress(`unix://${path}`);
  if (embedded !== undefined) return parseAddress(await embedded());
  throw new EngineError("no container engine found on this machine", {
    hint: `looked for ${candidates.join(", ")}; install and start docker or podman, or name an engine with --engine or DOCKER_HOST`,
  });
}

/** Where docker and podman listen, system-wide and for one user. */
export function socketPaths(runtimeDirectory: string | undefined): readonly string[] {
  const own = (path: string) => (runtimeDirectory ? [join(runtimeDirectory, path)] : []);
  return ["/var/run/docker.sock", ...own("docker.sock"), "/run/podman/podman.sock", ...own("podman/podman.sock")];
}
