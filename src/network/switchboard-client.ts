/** The daemon's side of the switchboard process: found where it runs, else started; told of every change. */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { connect, type Socket } from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";
import {
  type SwitchboardAnswer,
  type SwitchboardState,
  socketName,
  stateName,
  switchboardVersion,
} from "./switchboard-state.ts";

export interface SwitchboardOptions {
  /** Where its socket and its state are; made by the caller. */
  readonly folder: string;
  /** The program and its arguments before the folder; absent: main.ts, as it was built. */
  readonly command?: readonly [string, ...string[]];
  /** Writes a file whole or not at all. */
  readonly write: (file: string, content: string) => Promise<void>;
  /** The switchboard went away by itself: what it held is gone until the next `apply`. */
  readonly lost: () => void;
}

export interface SwitchboardClient {
  /** There is a switchboard, or there was: it must be told when there is nothing more to do. */
  readonly used: boolean;
  /** Looks for the switchboard of a daemon that is gone. */
  adopt(): Promise<void>;
  /** Done as far as can be when it resolves; the answer tells what could not be had. */
  apply(state: SwitchboardState): Promise<SwitchboardAnswer>;
  /** Keeps for a switchboard that starts anew what the state has become, without telling the one that runs. */
  note(state: SwitchboardState): Promise<void>;
  /** The switchboard goes on without us. */
  disconnect(): void;
}

interface Link {
  readonly socket: Socket;
  /** Who waits for the next lines, in order. */
  readonly waiting: { readonly resolve: (line: string) => void; readonly reject: (error: Error) => void }[];
}

/** Milliseconds after which a switchboard that says nothing is given up. */
const patience = 20_000;

export function openSwitchboardClient({
  folder,
  command = builtSwitchboard(),
  write,
  lost,
}: SwitchboardOptions): SwitchboardClient {
  let link: Promise<Link> | undefined;
  let leaving = false;
  let used = false;
  /** What the switchboard has in force, unless something of it was refused. */
  let applied: { readonly text: string; readonly answer: SwitchboardAnswer } | undefined;
  const note = (state: SwitchboardState) => write(path.join(folder, stateName), JSON.stringify(state));

  const attend = (made: Link) => {
    used = true;
    made.socket.once("close", () => {
      link = undefined;
      if (!leaving) lost();
    });
    return made;
  };
  const connectOrStart = async (): Promise<Link> => {
    const found = await greet(folder);
    if (found !== undefined) return found;
    await start(command, folder);
    const started = await greet(folder);
    if (started === undefined) throw new Error("the network switchboard does not answer");
    return started;
  };
  const reach = () => {
    link ??= connectOrStart().then(attend, (error: unknown) => {
      link = undefined;
      throw error;
    });
    return link;
  };

  return {
    get used() {
      return used;
    },
    adopt: async () => {
      const found = await greet(folder);
      if (found !== undefined) link = Promise.resolve(attend(found));
    },
    note,
    apply: async (state) => {
      const text = JSON.stringify(state);
      const known = link === undefined ? undefined : applied;
      if (known?.text === text) return known.answer;
      applied = undefined;
      await note(state);
      const reached = await reach();
      const answer = readAnswer(await ask(reached, "apply"));
      if (answer.refused.length === 0) applied = { text, answer };
      return answer;
    },
    disconnect: () => {
      leaving = true;
      void link?.then(({ socket }) => socket.destroy()).catch(() => {});
    },
  };
}

function readAnswer(line: string): SwitchboardAnswer {
  const answer = JSON.parse(line) as SwitchboardAnswer | { readonly error: string };
  if ("error" in answer) throw new Error(`the network switchboard failed: ${answer.error}`);
  return answer;
}

/** Beside this bundle; where nothing is bundled, the source itself. */
function builtSwitchboard(): readonly [string, ...string[]] {
  const bundle = path.join(import.meta.dirname, "network.cjs");
  return [process.execPath, existsSync(bundle) ? bundle : path.join(import.meta.dirname, "main.ts")];
}

/** Connects to a switchboard of our version; one of another is sent away. Undefined: there is none. */
async function greet(folder: string): Promise<Link | undefined> {
  const socket = connect(path.join(folder, socketName));
  const link: Link = { socket, waiting: [] };
  const end = (error?: Error) => {
    for (const { reject } of link.waiting.splice(0)) reject(error ?? new Error("the network switchboard went away"));
  };
  socket.on("error", end).on("close", () => end());
  const greeting = nextLine(link);
  createInterface(socket)
    .on("line", (line) => link.waiting.shift()?.resolve(line))
    .on("error", () => {});
  try {
    const { version } = JSON.parse(await greeting) as { readonly version: number };
    if (version === switchboardVersion) return link;
    const gone = new Promise((resolve) => socket.once("close", resolve));
    socket.write("leave\n");
    await gone;
    return undefined;
  } catch {
    socket.destroy();
    return undefined;
  }
}

function ask(link: Link, line: string): Promise<string> {
  const answer = nextLine(link);
  link.socket.write(`${line}\n`);
  return answer;
}

function nextLine(link: Link): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => link.socket.destroy(new Error("the network switchboard does not answer")), patience);
    const settle =
      <T>(then: (value: T) => void) =>
      (value: T) => {
        clearTimeout(timer);
        then(value);
      };
    link.waiting.push({ resolve: settle(resolve), reject: settle(reject) });
  });
}

/** Starts a switchboard in a session of its own and waits until it can be reached. */
async function start([program, ...args]: readonly [string, ...string[]], folder: string): Promise<void> {
  const child = spawn(program, [...args, folder], {
    detached: true,
    cwd: "/",
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  child.unref();
  await new Promise<void>((resolve, reject) => {
    child.once("error", (cause) =>
      reject(new Error(`the network switchboard cannot be started: ${cause.message}`, { cause })),
    );
    child.once("exit", (code) => reject(new Error(`the network switchboard ended at once, with ${code}`)));
    child.stdout.once("data", () => resolve());
  });
  child.stdout.destroy();
}
