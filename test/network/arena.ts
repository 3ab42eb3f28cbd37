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
  /** The namespace of the host. */
  readonly netns: string;
  /** The namespace of a machine beside it, whose address is 203.0.113.2; the host's there is 203.0.113.1. */
  readonly outside: string;
  /** Runs a tool on the arena's host; its standard output. */
  host(...command: string[]): Promise<string>;
  /** The room's process dies without a word; `start` makes a new one, to which nothing is restored yet. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** The daemon leaves as it should. */
  shutDown(): Promise<void>;
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
  const [keeper, neighbour] = await Promise.all([newNamespace(), newNamespace()]);
  const [netns, outside] = [`/proc/${keeper.pid}/ns/net`, `/proc/${neighbour.pid}/ns/net`];
  const host = (...command: string[]) => inside(netns, ...command);
  await host("ip", "link", "set", "lo", "up");
  await host("ip", "link", "add", "uplink", "type", "veth", "peer", "name", "eth0", "netns", `${neighbour.pid}`);
  for (const [where, link, number] of [
    [netns, "uplink", 1],
    [outside, "eth0", 2],
  ] as const) {
    await inside(where, "ip", "address", "add", `203.0.113.${number}/24`, "dev", link);
    await inside(where, "ip", "address", "add", `2001:db8::${number}/64`, "dev", link, "nodad");
    await inside(where, "ip", "link", "set", link, "up");
  }
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
    netns,
    outside,
    api: call("api") as NetworkApi,
    sandboxes: call("sandboxes") as Sandboxes,
    shutDown: async () => {
      await room.call("room", "shutDown", []);
      await room.kill();
    },
    events,
    host,
    kill: () => room.kill(),
    start: async () => {
      room = await startRoom(netns, root, events);
    },
    close: async () => {
      stopServers();
      await room.kill();
      for (const name of await readdir(path.join(root, "exec/netns")).catch(() => [])) {
        await succeeds(execute("umount", ["--lazy", path.join(root, "exec/netns", name)]));
      }
      keeper.kill("SIGKILL");
      neighbour.kill("SIGKILL");
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
  void gone.then(() => {
    for (const { reject } of waiting.values()) reject(new Error("the room's process is gone"));
  });
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

/** A process that keeps a network namespace while nobody else is in it. */
async function newNamespace(): Promise<ChildProcess> {
  const child = spawn("unshare", ["--net", "sh", "-c", "echo ready; exec sleep infinity"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  return child;
}

/** Waits until something holds that nobody tells of; fails after ten seconds. */
export async function eventually(condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error("it did not come true");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
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
    files: path.join(tmpdir(), `gantry-arena-files-${id}`),
    ...more,
  };
}

const probe = [process.execPath, path.join(import.meta.dirname, "probe.ts")] as const;

/** Runs a client of probe.ts in a namespace; what it printed. */
export const ask = (netns: string, ...args: string[]): Promise<string> => inside(netns, ...probe, ...args);

/** Whether a client of probe.ts gets no answer: it is given up after two seconds. */
export const isRefused = async (netns: string, ...args: string[]): Promise<boolean> =>
  !(await succeeds(inside(netns, "env", "PATIENCE=2000", ...probe, ...args)));

const servers = new Set<ChildProcess>();

/** Runs a server of probe.ts in a namespace until `stopServers`; resolves when it listens. */
export async function serve(netns: string, ...args: string[]): Promise<void> {
  const child = spawn("nsenter", [`--net=${netns}`, ...probe, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  servers.add(child);
  await new Promise((resolve, reject) => {
    child.stdout.once("data", resolve);
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  });
}

export function stopServers(): void {
  for (const child of servers) child.kill("SIGKILL");
  servers.clear();
}
