/** Runs one more process in a container that runs. */

import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Frame } from "../../api.ts";
import { conflict } from "../../refusal.ts";
import type { ContainerRecord } from "../record.ts";
import { hostnameOf, type Room } from "../room.ts";
import { isMissing, readInside } from "../rootfs/walk.ts";
import { plainEnvironment } from "../runtime/run.ts";
import { chooseCapabilities } from "../spec/capabilities.ts";
import { processSpec, rlimitsOf } from "../spec/process.ts";
import { securityOf } from "../spec/security.ts";
import { renderSpec } from "../spec/spec.ts";
import { type Identity, resolveUser } from "../spec/user.ts";
import { openTerminal } from "../streams/relay.ts";

export interface InsideRequest {
  readonly args: readonly string[];
  /** On top of the container's: `KEY=value`. */
  readonly env: readonly string[];
  /** Absent: the container's. */
  readonly user?: string;
  readonly cwd?: string;
  readonly privileged: boolean;
  readonly tty: boolean;
  readonly stdin: boolean;
  /** Of the terminal, at its start. */
  readonly size?: { readonly rows: number; readonly columns: number };
}

export interface Inside {
  /** What it writes, as fast as it is read; ends with the process. */
  readonly output: AsyncIterable<Frame>;
  write(data: Uint8Array): Promise<void>;
  closeInput(): void;
  resize(rows: number, columns: number): void;
  /** The host's PID of the process; 0 where it is not known (yet). */
  pid(): Promise<number>;
  /** Ends it by SIGKILL. */
  kill(): Promise<void>;
  /** The exit code; 127 and 126 where it could not be started, with the reason in its output. */
  readonly exited: Promise<number>;
}

/** The most of /etc/passwd and /etc/group that is read. */
const mostPasswd = 1024 * 1024;

/** How long after its end a process's children may still write to its output. */
const lingering = 250;

/** Who a process in a container is: the user given, else the container's. EngineError 400 for one that it does not know. */
export function userInside(
  room: Room,
  { id, config, hostConfig }: ContainerRecord,
  user: string | undefined,
): Identity {
  const { rootfs } = room.places.of(id);
  return resolveUser(
    user || config.User || "",
    readInside(rootfs, "/etc/passwd", mostPasswd),
    readInside(rootfs, "/etc/group", mostPasswd),
    hostConfig.GroupAdd ?? [],
  );
}

/** Rejects with EngineError 400 for a user or working directory that cannot be, 409 where the container has just ended. */
export async function runInside(room: Room, record: ContainerRecord, request: InsideRequest): Promise<Inside> {
  const { bundle } = room.places.of(record.id);
  const { config, hostConfig } = record;
  const spec = processSpec({
    args: request.args,
    env: [...(config.Env ?? []), ...request.env],
    cwd: request.cwd || config.WorkingDir || "",
    terminal: request.tty,
    user: userInside(room, record, request.user),
    capabilities: chooseCapabilities({
      add: hostConfig.CapAdd ?? [],
      drop: hostConfig.CapDrop ?? [],
      privileged: request.privileged || hostConfig.Privileged === true,
      available: room.host.capabilities,
    }),
    noNewPrivileges: securityOf(hostConfig.SecurityOpt ?? []).noNewPrivileges,
    hostname: hostnameOf(record, room.host),
    rlimits: rlimitsOf(hostConfig, room.host.mostFiles),
  });
  const name = path.join(bundle, `exec-${randomBytes(8).toString("hex")}`);
  const files = { process: `${name}.json`, pid: `${name}.pid` };
  await writeFile(files.process, renderSpec(spec), { mode: 0o600 }).catch((error) => {
    // With the container's end its bundle is gone.
    throw isMissing(error) ? conflict(`container ${record.id} is not running`, error) : error;
  });
  const { command, view } = room.runtime;
  const verb = ["exec", "--process", files.process, "--pid-file", files.pid, record.id];
  const begun = Promise.withResolvers<Inside>();
  // The view is kept until the process has ended; whoever asked goes on as soon as it has begun.
  view
    .within(async (enter) => {
      const whole = [...enter, ...command, ...verb];
      const child = request.tty ? openTerminal(whole, request.size, files.pid) : openPipes(whole, request.stdin);
      const running = follow(child, files);
      begun.resolve(running);
      await running.exited.catch(() => {});
    })
    .catch(begun.reject);
  return begun.promise;
}

function openPipes([program = "", ...args]: readonly string[], stdin: boolean): ChildProcess {
  return spawn(program, args, { stdio: [stdin ? "pipe" : "ignore", "pipe", "pipe"], env: plainEnvironment });
}

function follow(child: ChildProcess, files: { readonly process: string; readonly pid: string }): Inside {
  const readPid = async () => Number((await readFile(files.pid, "utf8").catch(() => "")).trim()) || 0;
  let words = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    if (words.length < 4096) words += chunk.toString();
  });
  child.stdin?.on("error", () => {});
  const output = collectOutput(child);
  const exited = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      const finish = async () => {
        const started = (await readPid()) !== 0;
        await Promise.all([rm(files.process, { force: true }), rm(files.pid, { force: true })]);
        if (started) return code ?? (signal === null ? 255 : 137);
        return /permission denied|is a directory|exec format/i.test(words) ? 126 : 127;
      };
      finish().then(resolve, reject);
    });
  });
  // Whoever wants to know asks; an unasked failure is not the process's end.
  exited.catch(() => {});
  const control = child.stdio[3];
  return {
    output,
    exited,
    pid: readPid,
    write: (data) =>
      new Promise((resolve) => {
        if (child.stdin === null || !child.stdin.writable) resolve();
        else child.stdin.write(data, () => resolve());
      }),
    closeInput: () => void child.stdin?.end(),
    resize: (rows, columns) => {
      if (control && "write" in control) control.write(`${rows} ${columns}\n`);
    },
    kill: async () => {
      const pid = await readPid();
      try {
        if (pid > 0) process.kill(pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
      child.kill("SIGKILL");
    },
  };
}

/** Bytes that wait to be read before the process has to wait. */
const highWater = 256 * 1024;

/** Both streams in the order of their coming. The process waits while nobody reads. */
function collectOutput(child: ChildProcess): AsyncIterable<Frame> {
  const waiting: Frame[] = [];
  let size = 0;
  let over = false;
  let wake = () => {};
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
  const finish = () => {
    over = true;
    wake();
  };
  for (const stream of streams) {
    stream.on("data", (data: Buffer) => {
      waiting.push({ stream: stream === child.stderr ? "stderr" : "stdout", data });
      size += data.length;
      if (size > highWater) for (const each of streams) each.pause();
      wake();
    });
    stream.on("error", () => {});
  }
  child.once("close", finish);
  child.once("error", finish);
  // What it left running in the background may hold the pipes open for ever.
  child.once("exit", () => setTimeout(finish, lingering).unref());
  return (async function* () {
    try {
      for (;;) {
        const next = waiting.shift();
        if (next !== undefined) {
          size -= next.data.length;
          if (size <= highWater) for (const stream of streams) stream.resume();
          yield next;
        } else if (over) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      for (const stream of streams) stream.destroy();
    }
  })();
}
