/** Registry credentials as `docker login` left them: in config.json, or with credential programs. */

import { execFile } from "node:child_process";
import type { RegistryAuth } from "./api.ts";
import { type DockerConfig, type Environment, readDockerConfig, type StoredAuth } from "./docker-config.ts";
import { parseReference } from "./reference.ts";

/** What config.json and the credential programs call docker's own registry. */
const hubKey = "https://index.docker.io/v1/";

/**
 * The credentials for the registry of an image reference (`ghcr.io/me/app:1`), for `imagePull`; undefined where there
 * are none. Like docker, a credential program that is missing or fails counts as having none: most pulls need none.
 */
export async function credentialsFor(reference: string, environment: Environment): Promise<RegistryAuth | undefined> {
  const { registry } = parseReference(reference);
  const config = await readDockerConfig(environment);
  return lookUp(registry === "docker.io" ? hubKey : registry, config, environment);
}

/** All credentials there are, by registry, for `imageBuild`: the engine pulls whatever the Dockerfile names. */
export async function allCredentials(environment: Environment): Promise<Readonly<Record<string, RegistryAuth>>> {
  const config = await readDockerConfig(environment);
  const keys = new Set([
    ...(config.credsStore === undefined ? [] : await listStored(config.credsStore, environment)),
    ...Object.keys(config.auths ?? {}),
    ...Object.keys(config.credHelpers ?? {}),
  ]);
  const found = await Promise.all([...keys].map(async (key) => [key, await lookUp(key, config, environment)] as const));
  return Object.fromEntries(found.flatMap(([key, auth]) => (auth === undefined ? [] : [[key, auth]])));
}

async function lookUp(key: string, config: DockerConfig, environment: Environment): Promise<RegistryAuth | undefined> {
  const host = hostOf(key);
  const program = own(config.credHelpers, key) ?? own(config.credHelpers, host) ?? config.credsStore;
  if (program !== undefined && program !== "") {
    const stored = await getStored(program, key, environment);
    if (stored !== undefined) return stored;
  }
  const auths = config.auths ?? {};
  const stored = own(auths, key) ?? Object.entries(auths).find(([name]) => hostOf(name) === host)?.[1];
  return stored === undefined ? undefined : decodeStored(stored, key);
}

function decodeStored(stored: StoredAuth, serveraddress: string): RegistryAuth | undefined {
  const { identitytoken, registrytoken } = stored;
  const pair = stored.auth ? Buffer.from(stored.auth, "base64").toString("utf8").replace(/\0+$/, "") : "";
  const colon = pair.indexOf(":");
  const username = colon === -1 ? stored.username : pair.slice(0, colon);
  const password = colon === -1 ? stored.password : pair.slice(colon + 1);
  if (!username && !identitytoken && !registrytoken) return undefined;
  return {
    serveraddress,
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
    ...(identitytoken ? { identitytoken } : {}),
    ...(registrytoken ? { registrytoken } : {}),
  };
}

async function getStored(name: string, key: string, environment: Environment): Promise<RegistryAuth | undefined> {
  const answer = await ask(name, "get", key, environment);
  const username = answer?.Username;
  const secret = answer?.Secret;
  if (typeof username !== "string" || typeof secret !== "string") return undefined;
  // The protocol's mark for a token instead of a password.
  return username === "<token>"
    ? { serveraddress: key, identitytoken: secret }
    : { serveraddress: key, username, password: secret };
}

async function listStored(name: string, environment: Environment): Promise<string[]> {
  return Object.keys((await ask(name, "list", "", environment)) ?? {});
}

/** One question to `docker-credential-<name>`. What it prints is secret and goes into no message. */
function ask(
  name: string,
  verb: "get" | "list",
  input: string,
  environment: Environment,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  // The name becomes part of a program's name; a path in it would run something else.
  if (!/^[\w.-]+$/.test(name)) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const env = Object.fromEntries(environment);
    const child = execFile(`docker-credential-${name}`, [verb], { env }, (error, output) => {
      resolve(error === null ? parseObject(output) : undefined);
    });
    // A program that ends without reading is judged by its exit code.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
  });
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** The host of a key of config.json: old docker versions wrote URLs. */
function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
}

function own<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}
