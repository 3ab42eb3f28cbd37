/** Docker's contexts: named engines, kept below `~/.docker/contexts`. */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { EngineError } from "../errors.ts";
import { type Address, parseAddress, type TlsMaterial } from "./address.ts";
import { dockerDirectory, type Environment, readOptional } from "./docker-config.ts";

interface ContextMeta {
  readonly Endpoints?: { readonly docker?: { readonly Host?: string; readonly SkipTLSVerify?: boolean } };
}

/**
 * The engine of a docker context. Throws EngineError where there is no such context, or none that names an engine.
 * Source: docker/cli, cli/context/store (`meta/<sha256 of the name>/meta.json`, `tls/<sha256>/docker/*.pem`).
 */
export async function readContext(name: string, environment: Environment): Promise<Address> {
  const contexts = join(dockerDirectory(environment), "contexts");
  const digest = createHash("sha256").update(name).digest("hex");
  const path = join(contexts, "meta", digest, "meta.json");
  const text = await readOptional(path);
  if (text === undefined) {
    throw new EngineError(`docker context "${name}" does not exist`, {
      hint: "list them with: docker context ls; choose another with DOCKER_CONTEXT, or name an engine with --engine",
    });
  }
  const endpoint = parseMeta(text, path).Endpoints?.docker;
  if (endpoint?.Host === undefined || endpoint.Host === "") {
    throw new EngineError(`docker context "${name}" names no engine`, { hint: `look at ${path}` });
  }
  const verify = endpoint.SkipTLSVerify !== true;
  const tls = await readCertificates(join(contexts, "tls", digest, "docker"), verify);
  return parseAddress(endpoint.Host, verify && Object.keys(tls).length === 1 ? undefined : tls);
}

/** What there is of `ca.pem`, `cert.pem` and `key.pem` in a directory. */
export async function readCertificates(directory: string, verify: boolean): Promise<TlsMaterial> {
  const [ca, cert, key] = await Promise.all(
    ["ca.pem", "cert.pem", "key.pem"].map((file) => readOptional(join(directory, file))),
  );
  if ((cert === undefined) !== (key === undefined)) {
    const [there, missing] = cert === undefined ? ["key.pem", "cert.pem"] : ["cert.pem", "key.pem"];
    throw new EngineError(`${directory}: has ${there} but no ${missing}`, { hint: "a client certificate needs both" });
  }
  return {
    verify,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

function parseMeta(text: string, path: string): ContextMeta {
  try {
    const meta: unknown = JSON.parse(text);
    if (typeof meta === "object" && meta !== null) return meta;
  } catch {
    // Said below.
  }
  throw new EngineError(`${path}: not a JSON object`, { hint: "create the context anew with docker context create" });
}
