import { createHash } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir, userInfo } from "node:os";
import path from "node:path";
import type { Session } from "./session.ts";

/** Who holds a project: as it says of itself. */
interface Holder {
  readonly verb: string;
  readonly pid: number;
  /** Unix milliseconds. */
  readonly since: number;
}

/**
 * Keeps others of this user on this machine from changing the project on the same engine until it is disposed of. Whoever
 * comes second waits, and says once for whom. The lock is a socket that its holder listens on, so that it ends with its
 * holder, however that ends; on Linux it has no file. Where no socket can be made, there is no lock.
 *
 * @param signal ends the waiting, with its reason
 */
export async function lockProject(
  { engine, name }: Pick<Session, "engine" | "name">,
  verb: string,
  signal?: AbortSignal,
): Promise<AsyncDisposable> {
  const place = placeOf(engine.url, name);
  const told = new Set<number>();
  for (;;) {
    const lock = await hold(place, { verb, pid: process.pid, since: Date.now() });
    if (lock !== undefined) return lock;
    const wasThere = await waitFor(place, signal, (holder) => {
      if (told.has(holder.pid)) return;
      told.add(holder.pid);
      process.stderr.write(`${waitingText(name, holder)}\n`);
    });
    // What a killed holder leaves where sockets have files.
    if (!wasThere && !place.startsWith("\0")) rmSync(place, { force: true });
  }
}

/** The same without waiting: undefined where somebody else has the project. */
export function tryLock(
  { engine, name }: Pick<Session, "engine" | "name">,
  verb: string,
): Promise<AsyncDisposable | undefined> {
  return hold(placeOf(engine.url, name), { verb, pid: process.pid, since: Date.now() });
}

/** `waiting for "gantry up" (process 4711, since 10:03:20), which works on project "shop"`. */
function waitingText(project: string, { verb, pid, since }: Holder): string {
  const time = new Date(since).toTimeString().slice(0, 8);
  return `waiting for "gantry ${verb}" (process ${pid}, since ${time}), which works on project "${project}"`;
}

/** The socket's name: one for each user, engine and project. */
function placeOf(engine: string, project: string): string {
  const digest = createHash("sha256").update(`${engine}\0${project}`).digest("hex").slice(0, 32);
  const name = `gantry-${userInfo().uid}-${digest}`;
  if (process.platform === "linux") return `\0${name}`;
  const directory = path.join(process.env.XDG_RUNTIME_DIR || tmpdir(), `gantry-${userInfo().uid}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return path.join(directory, `${digest}.lock`);
}

/** Listens; undefined where somebody else does. */
function hold(place: string, holder: Holder): Promise<AsyncDisposable | undefined> {
  const waiting = new Set<Socket>();
  const server = createServer((socket) => {
    waiting.add(socket);
    socket.on("error", () => {}).once("close", () => waiting.delete(socket));
    socket.unref().write(`${JSON.stringify(holder)}\n`);
  }).unref();
  const release = () => {
    for (const socket of waiting) socket.destroy();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return new Promise((resolve) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code === "EADDRINUSE" ? undefined : { [Symbol.asyncDispose]: async () => {} });
    });
    server.listen({ path: place }, () => resolve({ [Symbol.asyncDispose]: release }));
  });
}

/** Resolves when the holder has let go: true, or false where nobody was there. */
function waitFor(place: string, signal: AbortSignal | undefined, tell: (holder: Holder) => void): Promise<boolean> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const socket = connect({ path: place });
    const abort = () => {
      socket.destroy();
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", abort, { once: true });
    let text = "";
    let wasThere = false;
    socket.on("connect", () => {
      wasThere = true;
    });
    socket.on("data", (piece) => {
      text = (text + piece.toString("utf8")).slice(0, 1000);
      const holder = text.includes("\n") ? parseHolder(text) : undefined;
      if (holder !== undefined) tell(holder);
    });
    socket.on("error", () => {});
    socket.once("close", () => {
      signal?.removeEventListener("abort", abort);
      resolve(wasThere);
    });
  });
}

/** What a holder says of itself; undefined where it is something else. Its words go to a terminal: only plain ones. */
function parseHolder(text: string): Holder | undefined {
  try {
    const { verb, pid, since } = JSON.parse(text);
    if (typeof verb !== "string" || !/^[a-z -]{1,40}$/.test(verb)) return undefined;
    return Number.isInteger(pid) && Number.isInteger(since) ? { verb, pid, since } : undefined;
  } catch {
    return undefined;
  }
}
