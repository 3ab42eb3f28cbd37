/**
 * A host for tests of the network: a network namespace of its own with our networks' room in it, and a machine on the
 * outside. Needs root, and the packages iproute2 and nftables.
 */

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import type { EngineEvent } from "../../src/engine/api.ts";
import type { Sandboxes, SandboxRequest } from "../../src/engine/daemon/rooms.ts";
import type { NetworkApi } from "../../src/engine/networks/api.ts";

const execute = promisify(execFile);

export interface Arena {
  readonly root: string;
  readonly api: NetworkApi;
  readonly sandboxes: Sandboxes;
  readonly events: readonly EngineEvent[];
  /** Runs a tool on the arena's host; its standard output. */
  host(...command: string[]): Promise<string>;
  /** Kills the room's process as a power cut would, and starts it anew. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Runs a tool in the namespace that a file stands for; its standard output. */
export async function inside(netns: string, ...command: string[]): Promise<string> {
  const { stdout } = await execute("nsenter", [`--net=${netns}`, ...command], { timeout: 20_000 });
  return stdout;
}

/** The same, of which only is asked whether it succeeds. */
export const succeeds = (ran: Promise<unknown>): Promise<boolean> =>
  ran.then(
    () => true,
    () => false,
  );

export async function openArena(): Promise<Arena> {
  const root = await mkdtemp(path.join(tmpdir(), "gantry-arena-"));
  // Keeps the namespace while the room's process is away.
  const keeper = spawn("unshare", ["--net", "sleep", "infinity"], { stdio: "ignore" });
  const netns = `/proc/${keeper.pid}/ns/net`;
  await until(
    async () =>
      (await execute("readlink", [netns])).stdout !== (await execute("readlink", ["/proc/self/ns/net"])).stdout,
  );
  const host = (...command: string[]) => inside(netns, ...command);
  await host("ip", "link", "set", "lo", "up");
  const events: EngineEvent[] = [];
  let room = await startRoom(netns, root, events);
  const call = (part: string) =>
    new Proxy(
      {},
      {
        get:
          (_, method) =>
          (...args: unknown[]) =>
            room.call(part, String(method), args),
      },
    );
  return {
    root,
    api: call("api") as NetworkApi,
    sandboxes: call("sandboxes") as Sandboxes,
    events,
    host,
    restart: async () => {
      await room.kill();
      room = await startRoom(netns, root, events);
    },
    close: async () => {
      await room.kill();
      for (const name of await readdir(path.join(root, "exec/netns")).catch(() => [])) {
        await succeeds(execute("umount", ["--lazy", path.join(root, "exec/netns", name)]));
      }
      keeper.kill("SIGKILL");
      await rm(root, { recursive: true, force: true });
    },
  };
}

interface Room {
  call(part: string, method: string, args: unknown[]): Promise<unknown>;
  kill(): Promise<void>;
}

async function startRoom(netns: string, root: string, events: EngineEvent[]): Promise<Room> {
  const script = path.join(import.meta.dirname, "arena-process.ts");
  const child: ChildProcess = spawn("nsenter", [`--net=${netns}`, process.execPath, script, root], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    serialization: "advanced",
  });
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>();
  let count = 0;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the room ended with ${code}`)));
    child.on("message", (message: Record<string, unknown>) => {
      if (message.ready === true) resolve();
      if (message.event !== undefined) events.push(message.event as EngineEvent);
      if (typeof message.id !== "number") return;
      const caller = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.error === undefined) caller?.resolve(message.result);
      else caller?.reject(Object.assign(new Error(), message.error));
    });
  });
  return {
    call: (part, method, args) =>
      new Promise((resolve, reject) => {
        const id = ++count;
        waiting.set(id, { resolve, reject });
        child.send({ id, part, method, args });
      }),
    kill: async () => {
      child.kill("SIGKILL");
      await gone;
    },
  };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** What a container of a test asks for: its ID is made from the name. */
export function request(name: string, networks: readonly string[], more: Partial<SandboxRequest> = {}): SandboxRequest {
  const id = Buffer.from(name.padEnd(32, ".")).toString("hex").slice(0, 64);
  return {
    id,
    name,
    hostname: id.slice(0, 12),
    endpoints: new Map(networks.map((network) => [network, {}])),
    ports: {},
    extraHosts: [],
    sysctls: new Map(),
    files: "",
    ...more,
  };
}
