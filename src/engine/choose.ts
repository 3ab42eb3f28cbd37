/** Which engine to use. */

import { stat } from "node:fs/promises";
import { connect as dial } from "node:net";
import { join } from "node:path";
import { EngineError } from "../errors.ts";
import { type Address, parseAddress, type TlsMaterial } from "./address.ts";
import { compareApi, newestApi, oldestApi } from "./api-version.ts";
import { dockerDirectory, type Environment, readDockerConfig } from "./docker-config.ts";

export interface ChooseOptions {
  /** The flag `--engine`: a URL. */
  readonly engine?: string;
  readonly environment: Environment;
}

/**
 * The first of: `--engine`, GANTRY_ENGINE, DOCKER_HOST, docker's current context (DOCKER_CONTEXT, else the one in docker's
 * config.json), a socket of docker or podman on this machine. Nothing is asked of the engine itself; only where several
 * sockets exist it is tried which of them answers. Throws EngineError where there is none, or where the one that is named
 * cannot be used.
 */
export async function chooseEngine({ engine, environment }: ChooseOptions): Promise<Address> {
  const address = await locate(engine || environment.get("GANTRY_ENGINE"), environment);
  const pinned = environment.get("DOCKER_API_VERSION")?.replace(/^v/, "");
  if (pinned === undefined || pinned === "") return address;
  if (!/^1\.\d+$/.test(pinned) || compareApi(pinned, oldestApi) < 0) {
    throw new EngineError(`DOCKER_API_VERSION: "${pinned}" is not a version of the engine's API that can be used`, {
      hint: `expected ${oldestApi} to ${newestApi}`,
    });
  }
  return { ...address, apiVersion: pinned };
}

async function locate(engine: string | undefined, environment: Environment): Promise<Address> {
  if (engine === "embedded") {
    throw new EngineError("this release brings no engine of its own", {
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
  return findSocket(environment);
}

/** What DOCKER_TLS_VERIFY, DOCKER_TLS and DOCKER_CERT_PATH say, for an address of tcp. */
async function readTls(url: string, environment: Environment): Promise<TlsMaterial | undefined> {
  if (!/^(tcp|https):/.test(url)) return undefined;
  const verify = Boolean(environment.get("DOCKER_TLS_VERIFY"));
  if (!verify && !environment.get("DOCKER_TLS")) return undefined;
  const { readCertificates } = await import("./contexts.ts");
  return readCertificates(environment.get("DOCKER_CERT_PATH") || dockerDirectory(environment), verify);
}

async function findSocket(environment: Environment): Promise<Address> {
  const candidates = socketPaths(environment.get("XDG_RUNTIME_DIR"));
  const exists = await Promise.all(candidates.map(isSocket));
  const found = candidates.filter((_, index) => exists[index]);
  const [first] = found;
  if (first === undefined) {
    throw new EngineError("no container engine found on this machine", {
      hint: `looked for ${candidates.join(", ")}; install and start docker or podman, or name an engine with --engine or DOCKER_HOST`,
    });
  }
  return parseAddress(`unix://${found.length === 1 ? first : await firstAnswering(found, first)}`);
}

/** Where docker and podman listen, system-wide and for one user. */
export function socketPaths(runtimeDirectory: string | undefined): readonly string[] {
  const own = (path: string) => (runtimeDirectory ? [join(runtimeDirectory, path)] : []);
  return ["/var/run/docker.sock", ...own("docker.sock"), "/run/podman/podman.sock", ...own("podman/podman.sock")];
}

/** A socket may be left over from an engine that is gone, so of several the first that takes a connection is used. */
async function firstAnswering(paths: readonly string[], otherwise: string): Promise<string> {
  for (const path of paths) if (await answers(path)) return path;
  return otherwise;
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = dial(path);
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

async function isSocket(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isSocket();
  } catch {
    return false;
  }
}
