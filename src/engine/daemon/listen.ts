/** Where the daemon's server listens. */

import { chmod, stat, unlink } from "node:fs/promises";
import type { Server } from "node:http";
import path from "node:path";
import { EngineError } from "../../errors.ts";
import { parseAddress } from "../address.ts";
import { makeFolder } from "./durable.ts";

/**
 * Listens at an address: a unix socket, which only its owner may use (0600), or tcp without TLS, which must be on
 * loopback: whoever reaches the API is root. A socket that a dead daemon left behind is replaced; the data root's lock has
 * shown that it is dead.
 */
export async function listen(server: Server, url: string): Promise<void> {
  const address = parseAddress(url);
  if (address.kind === "unix") {
    await makeFolder(path.dirname(address.path));
    if (await isSocket(address.path)) await unlink(address.path);
    await opened(server, () => server.listen(address.path));
    await chmod(address.path, 0o600);
    return;
  }
  if (address.kind !== "tcp" || address.tls !== undefined) {
    throw new EngineError(`the daemon cannot listen at ${url}`, {
      hint: "unix:///path/of.sock or tcp://127.0.0.1:port",
    });
  }
  if (!/^(127\.|::1$|localhost$)/.test(address.host)) {
    throw new EngineError(`the daemon does not listen at ${url}: whoever reaches it is root on this machine`, {
      hint: "listen at a unix socket or on 127.0.0.1, and use ssh:// from elsewhere",
    });
  }
  await opened(server, () => server.listen(address.port, address.host));
}

function opened(server: Server, start: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.off("error", reject);
      resolve();
    });
    start();
  });
}

async function isSocket(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isSocket();
  } catch {
    return false;
  }
}
