/** The docker CLI, as a user has it, on an embedded engine of the test file's own. */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, copyFileSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { execa } from "execa";
import { describe, it } from "vitest";
import { parseAddress } from "../../../src/engine/address.ts";
import { connect, type EngineClient } from "../../../src/engine/client.ts";
import { executable, type Ran } from "../harness.ts";

export interface Bench {
  readonly engine: EngineClient;
  readonly socket: string;
  readonly folder: string;
  /** The start of a command that is to run where the daemon's network is. */
  readonly enter: readonly string[];
  /** Runs docker to its end. */
  docker(...args: readonly string[]): Promise<Ran>;
  /** The trimmed stdout of a docker that must end well. */
  says(...args: readonly string[]): Promise<string>;
  /** Starts docker and leaves it running; its stdin is open. */
  start(...args: readonly string[]): ReturnType<typeof spawnDocker>;
  /** Starts docker on a pseudo-terminal. What is written to its stdin is typed. */
  type(...args: readonly string[]): ReturnType<typeof spawnDocker>;
  /** Runs a program where the daemon's network is, and tells its trimmed stdout. */
  host(...command: readonly string[]): Promise<string>;
  /** The daemon dies without a word. */
  kill(): Promise<void>;
  /** A new daemon on the same roots, answering. */
  boot(): Promise<void>;
  close(): Promise<void>;
}

/** The image of these scenarios: busybox and its applets. */
export const image = "bench/busybox:1";
/** A command that runs until it is told to end, and then ends at once. */
export const idle = ["sh", "-c", "trap 'exit 0' TERM INT; while :; do sleep 1000 & wait $!; done"];

/** Why these scenarios cannot run here; undefined when they can. */
function missing(): string | undefined {
  if (process.getuid?.() !== 0) return "the embedded engine needs root";
  try {
    execFileSync("docker", ["--version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "the docker CLI is not installed";
  }
}

/** Defines scenarios with the docker CLI; where it is missing they are left out, and that is said. */
export function withDocker(title: string, define: () => void): void {
  const reason = missing();
  if (reason === undefined) describe(title, define);
  else describe(title, () => it.skip(`left out: ${reason}`, () => {}));
}

/**
 * Starts a daemon on roots of its own, with the image of the scenarios.
 *
 * @param options.disk bytes: the data root is a disk of its own, of that size
 */
export async function openBench(options: { readonly disk?: number } = {}): Promise<Bench> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "gantry-cli-"));
  if (options.disk !== undefined) {
    const data = path.join(folder, "data");
    mkdirSync(data);
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${options.disk}`, "tmpfs", data]);
  }
  mkdirSync(path.join(folder, "config"));
  const socket = path.join(folder, "engine.sock");
  const engine = connect(parseAddress(`unix://${socket}`));
  const docker = (...args: readonly string[]) => end(spawnDocker(socket, folder, "docker", args));
  // A network of its own: neither the machine's addresses nor its firewall are in the way, and nothing is left behind.
  const netns = path.basename(folder);
  const enter = ["nsenter", `--net=/run/netns/${netns}`];
  execFileSync("ip", ["netns", "add", netns]);
  execFileSync("ip", ["-n", netns, "link", "set", "lo", "up"]);
  let daemon = await startDaemon(folder, socket, netns);
  await docker("import", "--change", 'CMD ["sh"]', makeBusybox(folder), image);
  const kill = async (signal: NodeJS.Signals) => {
    const closed = once(daemon, "close");
    daemon.kill(signal);
    await closed;
  };
  return {
    engine,
    socket,
    folder,
    enter,
    docker,
    says: async (...args) => {
      const { exitCode, stdout, stderr } = await docker(...args);
      if (exitCode !== 0) throw new Error(`docker ${args.join(" ")} failed with ${exitCode}: ${stderr}`);
      return stdout.trim();
    },
    start: (...args) => spawnDocker(socket, folder, "docker", args),
    type: (...args) =>
      spawnDocker(socket, folder, "script", ["-qec", ["docker", ...args].map(quoted).join(" "), "/dev/null"]),
    host: async (...command) => {
      const { stdout } = await execa("nsenter", [...enter.slice(1), ...command], { timeout: 20_000 });
      return stdout.trim();
    },
    kill: () => kill("SIGKILL"),
    boot: async () => {
      daemon = await startDaemon(folder, socket, netns);
    },
    close: async () => {
      const containers = await engine.containerList({ all: true });
      await Promise.all(containers.map(({ Id }) => engine.containerRemove({ id: Id, force: true, v: true })));
      engine.close();
      await kill("SIGTERM");
      detachMounts(folder);
      execFileSync("ip", ["netns", "delete", netns]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Asks again until it is so; the test's own time limit is what ends it. */
export async function eventually<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined && answer !== false) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Resolves when a process has written a text, from now on. */
export function hears(child: ReturnType<typeof spawnDocker>, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let heard = "";
    child.all.on("data", (part) => {
      heard += part;
      if (heard.includes(text)) resolve();
    });
    child.all.once("end", () => reject(new Error(`ended without ${JSON.stringify(text)}: ${JSON.stringify(heard)}`)));
  });
}

export async function end(child: ReturnType<typeof spawnDocker>): Promise<Ran> {
  const { exitCode, stdout, stderr } = await child;
  return { exitCode: exitCode ?? -1, stdout, stderr };
}

function spawnDocker(socket: string, folder: string, program: string, args: readonly string[]) {
  return execa(program, args, {
    cwd: folder,
    reject: false,
    all: true,
    stripFinalNewline: false,
    env: { DOCKER_HOST: `unix://${socket}`, DOCKER_CONFIG: path.join(folder, "config"), DOCKER_CLI_HINTS: "false" },
  });
}

const quoted = (argument: string) => `'${argument.replaceAll("'", "'\\''")}'`;

async function startDaemon(folder: string, socket: string, netns: string) {
  const roots = ["--data-root", path.join(folder, "data"), "--exec-root", path.join(folder, "exec")];
  // What whoever starts it left open: nothing that a container may see.
  const left = openSync("/", constants.O_RDONLY | constants.O_DIRECTORY);
  const daemon = spawn(
    "nsenter",
    [`--net=/run/netns/${netns}`, executable, "daemon", ...roots, "--host", `unix://${socket}`, "--ready-fd", "3"],
    {
      stdio: ["ignore", "ignore", "pipe", "pipe", left],
    },
  );
  closeSync(left);
  let log = "";
  daemon.stderr?.on("data", (part) => {
    log += part;
  });
  const ready = daemon.stdio[3];
  if (ready === undefined || ready === null) throw new Error("no descriptor to be ready on");
  const [said] = await Promise.race([once(ready, "data"), once(daemon, "close")]);
  if (String(said) !== "ready\n") throw new Error(`the daemon did not start: ${log}`);
  return daemon;
}

function makeBusybox(folder: string): string {
  const root = path.join(folder, "busybox");
  mkdirSync(path.join(root, "bin"), { recursive: true });
  copyFileSync("/bin/busybox", path.join(root, "bin/busybox"));
  for (const applet of execFileSync("/bin/busybox", ["--list"], { encoding: "utf8" }).trim().split("\n")) {
    if (applet !== "busybox") symlinkSync("busybox", path.join(root, "bin", applet));
  }
  const tar = path.join(folder, "busybox.tar");
  execFileSync("tar", ["-C", root, "-cf", tar, "."]);
  return tar;
}

/** What the daemon keeps mounted for its next start. */
function detachMounts(folder: string): void {
  const mounts = execFileSync("findmnt", ["-rno", "TARGET"], { encoding: "utf8" }).trim().split("\n");
  const ours = mounts
    .filter((mount) => mount.startsWith(`${folder}/`))
    .sort()
    .reverse();
  for (const mount of ours) execFileSync("umount", ["-l", mount]);
}
