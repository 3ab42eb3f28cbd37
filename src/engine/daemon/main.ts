/** The daemon's process: start, serve, shut down. Containers outlive it. */

import { closeSync, writeSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import manifest from "../../../package.json" with { type: "json" };
import { EngineError, exitCodes } from "../../errors.ts";
import type { Places } from "../embedded.ts";
import type { RegistryOptions } from "../registry/hosts.ts";
import { readOptions } from "../registry/read-options.ts";
import { serve } from "../serve.ts";
import { assemble } from "./assemble.ts";
import { closeInherited } from "./descriptors.ts";
import { makeFolder } from "./durable.ts";
import type { LogLevel } from "./ground.ts";
import { listen } from "./listen.ts";
import { lockDataRoot } from "./lock.ts";
import { openLog } from "./log.ts";

export interface DaemonOptions {
  readonly places: Places;
  /** Addresses to listen at; none means the socket of the places. */
  readonly hosts: readonly string[];
  /** Said on the command line, beside what daemon.json says. */
  readonly registries: Pick<RegistryOptions, "insecure" | "mirrors">;
  readonly logLevel: LogLevel;
  /** A descriptor to say `ready` on, when the first request would be answered; it is closed then. */
  readonly readyDescriptor?: number;
}

/**
 * Runs the daemon until SIGTERM or SIGINT, and resolves when it has shut down. Throws EngineError where it cannot start:
 * not root, another daemon on the data root, an address that is taken.
 */
export async function runDaemon({
  places,
  hosts,
  registries,
  logLevel,
  readyDescriptor,
}: DaemonOptions): Promise<void> {
  // The nursery stays as it is at the start: the daemon takes 20 MB less, and is no slower.
  setFlagsFromString("--semi-space-growth-factor=1");
  closeInherited(readyDescriptor === undefined ? [] : [readyDescriptor]);
  if (process.getuid?.() !== 0) {
    throw new EngineError("the embedded engine needs root", { hint: "run gantry with sudo, or use docker or podman" });
  }
  const log = openLog(logLevel, (line) => void process.stderr.write(line));
  dieOfBugs(log);
  await Promise.all([makeFolder(places.dataRoot), makeFolder(places.execRoot)]);
  await lockDataRoot(places.dataRoot);
  const { engine, tunnels, close } = await assemble(places, log, await readOptions(registries));
  const addresses = hosts.length > 0 ? hosts : [`unix://${places.socket}`];
  const servers = addresses.map(() =>
    serve(engine, {
      name: `Gantry/${manifest.version} (linux)`,
      tunnels,
      onBug: (error, request) => log("error", "a call failed by a bug", { request, error }),
    }),
  );
  for (const [index, server] of servers.entries()) await listen(server, addresses[index] ?? "");
  // Asked for before anybody is told that it answers: who is told may end it at once.
  const asked = new Promise<string>((resolve) => {
    for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, resolve);
  });
  log("info", "the engine answers", { addresses, version: manifest.version, dataRoot: places.dataRoot });
  if (readyDescriptor !== undefined) {
    writeSync(readyDescriptor, "ready\n");
    closeSync(readyDescriptor);
  }
  log("info", "shutting down; containers go on", { signal: await asked });
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  await close();
}

/** Crash only: after a bug nothing in memory can be trusted, and the next start repairs. */
function dieOfBugs(log: ReturnType<typeof openLog>): void {
  const die = (error: unknown) => {
    log("error", "the daemon ends by a bug; its next start takes over", { error });
    process.exit(exitCodes.bug);
  };
  process.on("uncaughtException", die);
  process.on("unhandledRejection", die);
}
