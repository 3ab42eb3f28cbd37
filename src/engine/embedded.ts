/** The engine that gantry brings along, seen from outside: where it lives, and how it is started when it is needed. */

import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { connect as dial } from "node:net";
import path from "node:path";
import { EngineError } from "../errors.ts";

export interface Places {
  /** What outlives a reboot. */
  readonly dataRoot: string;
  /** What lasts until a reboot. */
  readonly execRoot: string;
  readonly socket: string;
}

/** The places that are asked for; by default root's usual ones. The socket follows from the rest. */
export function placesOf({ dataRoot, execRoot }: { dataRoot?: string; execRoot?: string } = {}): Places {
  const run = path.resolve(execRoot ?? "/run/gantry");
  return {
    dataRoot: path.resolve(dataRoot ?? "/var/lib/gantry"),
    execRoot: run,
    socket: path.join(run, "engine.sock"),
  };
}

export interface StartOptions {
  readonly places: Places;
  /** The program that runs the daemon, and its arguments before the verb: node and gantry. */
  readonly command: readonly [string, ...string[]];
  /** Told when the engine was started, not when it ran already. */
  readonly started: () => void;
}

/**
 * Makes sure that the embedded engine answers: starts its daemon in the background where it does not run. The daemon
 * says by itself when it is ready; two that are started at once are settled by the data root's lock, and either will do.
 * EngineError, with the end of the daemon's log, where it does not start.
 */
export async function ensureEmbedded({ places, command, started }: StartOptions): Promise<string> {
  const url = `unix://${places.socket}`;
  if (await answers(places.socket)) return url;
  if (process.getuid?.() !== 0) {
    throw new EngineError("no container engine found on this machine, and gantry's own needs root", {
      hint: "install and start docker or podman, run gantry with sudo, or name an engine with --engine or DOCKER_HOST",
    });
  }
  const words = await launch(places, command);
  if (words === "ready\n") {
    started();
    return url;
  }
  // Another gantry may have been faster.
  if (await answers(places.socket)) return url;
  throw new EngineError("the embedded engine did not start", {
    hint: `${words.trim() || `its log is ${logOf(places)}`}\n\`gantry doctor\` says what this machine lacks`,
  });
}

const logOf = ({ dataRoot }: Places) => path.join(dataRoot, "engine.log");

/** Starts the daemon, and gives what it says: `ready`, or why not. */
async function launch(places: Places, [program, ...before]: readonly [string, ...string[]]): Promise<string> {
  mkdirSync(places.dataRoot, { recursive: true, mode: 0o700 });
  const log = openSync(logOf(places), "a", 0o600);
  try {
    const roots = ["--data-root", places.dataRoot, "--exec-root", places.execRoot];
    const child = spawn(program, [...before, "daemon", ...roots, "--ready-fd", "3"], {
      cwd: "/",
      detached: true,
      stdio: ["ignore", log, log, "pipe"],
    });
    const failed = new Promise<string>((resolve) => child.once("error", (error) => resolve(error.message)));
    child.unref();
    return await Promise.race([readAll(child.stdio[3] as NodeJS.ReadableStream), failed]);
  } finally {
    closeSync(log);
  }
}

async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  return text;
}

/** Whether somebody takes connections at a socket. */
export function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = dial(socketPath);
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}
