/** The docker CLI's own settings: `config.json` and the directory around it. */

import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { EngineError } from "../errors.ts";

export type Environment = ReadonlyMap<string, string>;

/** One entry of `auths`; `auth` is base64 of `user:password`. */
export interface StoredAuth {
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

export interface DockerConfig {
  readonly currentContext?: string;
  readonly auths?: Readonly<Record<string, StoredAuth>>;
  /** Name of the program that keeps all credentials: `docker-credential-<name>`. */
  readonly credsStore?: string;
  /** Registry host → name of the program that keeps its credentials. */
  readonly credHelpers?: Readonly<Record<string, string>>;
  /** Folders of plug-ins, beside docker's own. */
  readonly cliPluginsExtraDirs?: readonly string[];
  /** Keys that end an attachment: `ctrl-p,ctrl-q`. */
  readonly detachKeys?: string;
  /** What containers and builds are told of proxies: by engine address, or `default`. */
  readonly proxies?: Readonly<Record<string, ProxySettings>>;
}

/** URLs of proxies, and hosts that are reached without. */
export interface ProxySettings {
  readonly httpProxy?: string;
  readonly httpsProxy?: string;
  readonly ftpProxy?: string;
  readonly noProxy?: string;
  readonly allProxy?: string;
}

/** `DOCKER_CONFIG`, else `~/.docker`. */
export function dockerDirectory(environment: Environment): string {
  return environment.get("DOCKER_CONFIG") || join(environment.get("HOME") || homedir(), ".docker");
}

/** Reads `config.json`; a missing one is empty. Throws EngineError, without any of its contents, when it is not JSON. */
export async function readDockerConfig(environment: Environment): Promise<DockerConfig> {
  const path = join(dockerDirectory(environment), "config.json");
  const text = await readOptional(path);
  if (text === undefined || text.trim() === "") return {};
  // The parser's own message would quote the text, which holds passwords.
  const config = parseObject(text);
  if (config === undefined) throw new EngineError(`${path}: not a JSON object`, { hint: "repair or remove the file" });
  return config;
}

/** The text of a file, or undefined where there is none. Throws EngineError for one that cannot be read. */
export async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause) {
      if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return undefined;
      throw new EngineError(`${path}: cannot be read (${cause.code})`, { cause });
    }
    throw cause;
  }
}

function parseObject(text: string): DockerConfig | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
