/** Credentials put where `docker login` puts them, and taken away again: both tools see each other's. */

import { randomBytes } from "node:crypto";
import { chown, mkdir, open, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EngineError } from "../errors.ts";
import type { RegistryAuth } from "./api.ts";
import { askProgram } from "./credential-program.ts";
import { own, programFor } from "./credentials.ts";
import {
  type DockerConfig,
  dockerDirectory,
  type Environment,
  readDockerConfig,
  type StoredAuth,
} from "./docker-config.ts";

/** Where they are now: with a program, or as good as plain text in a file, whose path it is. */
export type StoredWith = { readonly program: string } | { readonly file: string };

/**
 * Keeps credentials for a key of config.json (`host[:port]`, for Docker Hub `https://index.docker.io/v1/`): with the program that
 * keeps such, else in config.json. Whatever else stands in that file stays. Throws EngineError where that cannot be done.
 */
export async function storeCredentials(key: string, auth: RegistryAuth, environment: Environment): Promise<StoredWith> {
  const config = await readDockerConfig(environment);
  const { username = "", password = "", identitytoken } = auth;
  const program = programFor(key, config);
  if (program === undefined) {
    const entry: StoredAuth = {
      auth: Buffer.from(`${username}:${identitytoken === undefined ? password : ""}`).toString("base64"),
      ...(identitytoken !== undefined && { identitytoken }),
    };
    return { file: await writeAuths({ ...config.auths, [key]: entry }, config, environment) };
  }
  const secret =
    identitytoken === undefined
      ? { ServerURL: key, Username: username, Secret: password }
      : { ServerURL: key, Username: "<token>", Secret: identitytoken };
  const { ok, output } = await askProgram(program, "store", JSON.stringify(secret), environment);
  if (!ok) throw new EngineError(`docker-credential-${program} does not keep the credentials: ${output}`);
  // That it has some is said in the file.
  await writeAuths({ ...config.auths, [key]: {} }, config, environment);
  return { program };
}

/** Forgets the credentials of these keys. Whether there were any. Throws EngineError where they stay. */
export async function eraseCredentials(keys: readonly string[], environment: Environment): Promise<boolean> {
  const config = await readDockerConfig(environment);
  const known = keys.filter(
    (key) => own(config.auths, key) !== undefined || own(config.credHelpers, key) !== undefined,
  );
  for (const key of known) {
    const program = programFor(key, config);
    if (program === undefined) continue;
    const { ok, output } = await askProgram(program, "erase", key, environment);
    if (!ok && !/not found/.test(output)) {
      throw new EngineError(`docker-credential-${program} does not forget the credentials: ${output}`);
    }
  }
  const left = Object.entries(config.auths ?? {}).filter(([key]) => !keys.includes(key));
  if (left.length < Object.keys(config.auths ?? {}).length) {
    await writeAuths(Object.fromEntries(left), config, environment);
  }
  return known.length > 0;
}

/** Nobody but its owner may read the file, and nobody sees half of it. */
async function writeAuths(
  auths: NonNullable<DockerConfig["auths"]>,
  config: DockerConfig,
  environment: Environment,
): Promise<string> {
  const named = join(dockerDirectory(environment), "config.json");
  try {
    await mkdir(dirname(named), { recursive: true, mode: 0o700 });
    const file = await realpath(named).catch(() => named);
    const temporary = `${file}.${randomBytes(6).toString("hex")}`;
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(`${JSON.stringify({ ...config, auths }, null, "\t")}\n`);
      await handle.sync();
      const before = await stat(file).catch(() => undefined);
      // Under sudo it stays the user's.
      if (before !== undefined) await chown(temporary, before.uid, before.gid).catch(() => {});
      await rename(temporary, file);
    } finally {
      await handle.close();
      await rm(temporary, { force: true });
    }
    return file;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : cause;
    throw new EngineError(`${named}: cannot be written (${code})`, { cause });
  }
}
