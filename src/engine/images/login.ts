/** `POST /auth`: tries credentials at their registry, and keeps nothing. */

import type { CallOptions, Engine, RegistryAuth } from "../api.ts";
import { type Shape, takeShape } from "../containers/shape.ts";
import { badRequest, internal, unauthorized } from "../refusal.ts";
import { readFailure } from "../registry/failure.ts";
import { openRegistry } from "../registry/open-registry.ts";
import type { ImagesRoom } from "./room.ts";

const fields: { readonly [K in keyof Required<RegistryAuth>]: Shape } = {
  username: "string",
  password: "string",
  serveraddress: "string",
  identitytoken: "string",
  registrytoken: "string",
};

/** EngineError 400 for a body of the wrong types, 401 where the registry does not know them. */
export async function logIn(
  room: ImagesRoom,
  { body }: Parameters<Engine["registryLogin"]>[0],
  { signal }: CallOptions = {},
): ReturnType<Engine["registryLogin"]> {
  const auth = (takeShape(body, { fields }, "AuthConfig") ?? {}) as RegistryAuth;
  const registry = openRegistry(registryOf(auth.serveraddress), {
    options: room.registries,
    auth,
    offline: true,
    signal,
  });
  try {
    const response = await registry.request({ method: "GET", path: "/v2/" });
    if (response.status === 401) {
      const { message } = await readFailure(response);
      throw unauthorized(`login attempt to ${response.url} failed with status: 401 Unauthorized (${message})`);
    }
    if (response.status !== 200)
      throw internal(`login attempt to ${response.url} failed with status: ${response.status}`);
    response.discard();
    return {
      Status: "Login Succeeded",
      ...(registry.refreshToken !== undefined && { IdentityToken: registry.refreshToken }),
    };
  } finally {
    registry.close();
  }
}

/** The registry of a key of docker's config: `host`, `https://host`, `https://host/v1/`. */
function registryOf(address: string | undefined): string {
  const host = (address ?? "").replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  if (host === "" || host === "index.docker.io" || host === "registry-1.docker.io") return "docker.io";
  if (!URL.canParse(`http://${host}`)) throw badRequest(`"${address}" is not the address of a registry`);
  return host;
}
