/** Registry credentials as `docker login` left them: in config.json, or with credential programs. */

import type { RegistryAuth } from "./api.ts";
import { askProgram } from "./credential-program.ts";
import { type DockerConfig, type Environment, readDockerConfig, type StoredAuth } from "./docker-config.ts";
import { parseReference } from "./reference.ts";

/** What config.json and the credential programs call docker's own registry. */
export const hubKey = "https://index.docker.io/v1/";

/**
 * The key of a registry as people name it: `ghcr.io`, `https://ghcr.io/`, `docker.io`, or undefined for Docker Hub. Pure.
 */
export function credentialKey(server: string | undefined): string {
  const host = hostOf(server ?? "");
  return ["", "docker.io", "index.docker.io", "registry-1.docker.io"].includes(host) ? hubKey : host;
}

/** The credentials that are kept for a key of config.json. */
export async function storedCredentials(key: string, environment: Environment): Promise<RegistryAuth | undefined> {
  return lookUp(key, await readDockerConfig(environment), environment);
}

/**
 * The credentials for the registry of an image reference (`ghcr.io/me/app:1`), for `imagePull`; undefined where there
 * are none. Like docker, a credential program that is missing or fails counts as having none: most pulls need none.
 */
export async function credentialsFor(reference: string, environment: Environment): Promise<RegistryAuth | undefined> {
  const { registry } = parseReference(reference);
  return storedCredentials(credentialKey(registry), environment);
}

/** All credentials there are, by registry, for `imageBuild`: the engine pulls whatever the Dockerfile names. */
export async function allCredentials(environment: Environment): Promise<Readonly<Record<string, RegistryAuth>>> {
  const config = await readDockerConfig(environment);
  const keys = new Set([
    ...(config.credsStore === undefined ? [] : await listStored(config.credsStore, environment)),
    ...Object.keys(config.auths ?? {}),
    ...Object.keys(authsOf(environment)),
    ...Object.keys(config.credHelpers ?? {}),
  ]);
  const found = await Promise.all([...keys].map(async (key) => [key, await lookUp(key, config, environment)] as const));
  return Object.fromEntries(found.flatMap(([key, auth]) => (auth === undefined ? [] : [[key, auth]])));
}

/** The text of a config.json that holds these credentials, for a machine without credential programs. Pure. */
export function configText(all: Readonly<Record<string, RegistryAuth>>): string {
  const auths = Object.entries(all).map(([key, { username, password, identitytoken, registrytoken }]) => [
    key,
    {
      ...(username !== undefined && { auth: Buffer.from(`${username}:${password ?? ""}`).toString("base64") }),
      ...(identitytoken !== undefined && { identitytoken }),
      ...(registrytoken !== undefined && { registrytoken }),
    },
  ]);
  return `${JSON.stringify({ auths: Object.fromEntries(auths) }, null, 2)}\n`;
}

/** The name of the program that keeps the credentials for a key, where one does. Pure. */
export function programFor(key: string, { credHelpers, credsStore }: DockerConfig): string | undefined {
  return own(credHelpers, key) ?? own(credHelpers, hostOf(key)) ?? (credsStore || undefined);
}

async function lookUp(key: string, config: DockerConfig, environment: Environment): Promise<RegistryAuth | undefined> {
  const host = hostOf(key);
  const program = own(authsOf(environment), key) === undefined ? programFor(key, config) : undefined;
  if (program !== undefined) {
    const stored = await getStored(program, key, environment);
    if (stored !== undefined) return stored;
  }
  const auths = { ...config.auths, ...authsOf(environment) };
  const stored = own(auths, key) ?? Object.entries(auths).find(([name]) => hostOf(name) === host)?.[1];
  return stored === undefined ? undefined : decodeStored(stored, key);
}

/** What the variable DOCKER_AUTH_CONFIG says, in the form of config.json; it goes before everything else. */
function authsOf(environment: Environment): Readonly<Record<string, StoredAuth>> {
  const auths = parseObject(environment.get("DOCKER_AUTH_CONFIG") ?? "")?.auths;
  return typeof auths === "object" && auths !== null ? { ...auths } : {};
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

/** A program that fails has none. */
async function ask(name: string, verb: "get" | "list", input: string, environment: Environment) {
  const { ok, output } = await askProgram(name, verb, input, environment);
  return ok ? parseObject(output) : undefined;
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

/** What stands under a key, and not further up. */
export function own<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}
