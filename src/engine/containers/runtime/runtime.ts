/** The OCI runtime, and conmon, which holds a container's standard streams, writes its log and tells how it ended. */

import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { open, readFile, rm } from "node:fs/promises";
import path from "node:path";
import type { Readable } from "node:stream";
import { removeTree } from "../rootfs/remove-tree.ts";
import { type Cgroups, clearCgroup, removeCgroup } from "./cgroups.ts";
import { plainEnvironment, run } from "./run.ts";
import type { View } from "./view.ts";

export interface Launch {
  readonly id: string;
  /** The directory with config.json; conmon's pipes and PID files are made in it. */
  readonly bundle: string;
  /** Absent: nothing is kept. `maxSize` bytes: where it is cut off and begun anew. */
  readonly log?: { readonly file: string; readonly maxSize?: number };
  readonly terminal: boolean;
  /** `once`: closed when the first one that writes to it goes. */
  readonly stdin: "none" | "once" | "open";
}

export interface Launched {
  readonly pid: number;
  readonly monitorPid: number;
  /** Resolves when conmon is gone, which it should only be after the container. */
  readonly monitorGone: Promise<void>;
}

export interface Runtime {
  readonly name: string;
  /** What to run, and its arguments before the verb. */
  readonly command: readonly string[];
  readonly view: View;
  /** Creates a container, held by conmon, up to just before its program runs. Rejects with the runtime's words. */
  create(launch: Launch): Promise<Launched>;
  /** Runs a created container's program. */
  start(id: string): Promise<void>;
  /** What the runtime made of the seccomp profile of a container; undefined where it does not say. */
  filterOf(id: string): Promise<Buffer | undefined>;
  pause(id: string): Promise<void>;
  resume(id: string): Promise<void>;
  /** Changes the limits of a running container. `file`: an OCI `linux.resources` object. */
  update(id: string, file: string): Promise<void>;
  /** Kills every process of a container by its control group. */
  killAll(id: string): Promise<void>;
  /** Forgets a container, and kills what is left of it. One that is not known is no error. `group`: its control group. */
  delete(id: string, group: string): Promise<void>;
}

export interface RuntimeParts {
  readonly name: string;
  /** The runtime's path, and its global arguments but for the state's folder. */
  readonly command: readonly string[];
  /** Where the runtime keeps what it knows of containers: a folder for each. */
  readonly state: string;
  readonly cgroups: Cgroups;
  readonly conmon: string;
  readonly view: View;
  /** Where conmon writes exit codes: a file for each container, named by its ID. */
  readonly exits: string;
}

export function openRuntime({ name, command, state, cgroups, conmon, view, exits }: RuntimeParts): Runtime {
  const [file = name, ...more] = command;
  const globals = ["--root", state, ...more];

  const call = (verb: readonly string[]): Promise<void> =>
    view.within(async (enter) => {
      const [program = file, ...args] = [...enter, file, ...globals, ...verb];
      const { code, stderr } = await run(program, args);
      if (code !== 0) throw new Error(stderr.trim() || `${name} ${verb[0]} ended with code ${code}`);
    });

  const create = async (launch: Launch, enter: readonly string[]): Promise<Launched> => {
    const args = conmonArguments(launch, { file, globals, exits });
    const [program = conmon, ...before] = [...enter, conmon];
    const child = spawn(program, [...before, ...args], {
      // 3: what conmon reports; 4: conmon waits until something comes from it (here: at once).
      stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
      env: { ...plainEnvironment, _OCI_SYNCPIPE: "3", _OCI_STARTPIPE: "4" },
    });
    const [, , stderr, report, go] = child.stdio;
    let words = "";
    (stderr as Readable).on("data", (chunk: Buffer) => (words += chunk.toString()));
    go?.on("error", () => {});
    if (go !== null && go !== undefined && "end" in go) go.end("0");
    const failed = new Promise<never>((_, reject) => child.on("error", reject));
    const { line, end } = readReport(report as Readable);
    const text = await Promise.race([line, failed]);
    const pid = text === undefined ? undefined : parseReport(text);
    if (pid === undefined) throw new Error(words.trim() || "conmon ended without a word");
    const monitorPid = Number(await readFile(path.join(launch.bundle, "conmon.pid"), "utf8"));
    return { pid, monitorPid, monitorGone: end };
  };

  return {
    name,
    command: [file, ...globals],
    view,
    create: (launch) => view.within((enter) => create(launch, enter)),
    start: async (id) => {
      if (!(await release(path.join(state, id)))) await call(["start", id]);
    },
    filterOf: (id) => readFile(path.join(state, id, "seccomp.bpf")).catch(() => undefined),
    pause: (id) => call(["pause", id]),
    resume: (id) => call(["resume", id]),
    update: (id, resources) => call(["update", "--resources", resources, id]),
    killAll: (id) => call(["kill", "--all", id, "KILL"]),
    delete: async (id, group) => {
      const folder = path.join(state, id);
      // A container that has ended is a folder and empty control groups: no need for two more processes.
      const isEmpty = await removeCgroup(cgroups, group).then(
        () => true,
        () => false,
      );
      if (isEmpty) return removeTree(folder);
      await call(["delete", "--force", id]).catch((error: unknown) => {
        if (!/does not exist|No such file or directory/i.test(String(error))) throw error;
      });
      await clearCgroup(cgroups, group);
    },
  };
}

/**
 * crun's way to start a container: a byte into the pipe that the container's first process reads. Done here it saves two
 * processes for each start. False where there is no such pipe, or nobody at it.
 */
async function release(folder: string): Promise<boolean> {
  const pipe = path.join(folder, "exec.fifo");
  try {
    const handle = await open(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      await rm(pipe);
      await handle.write("0");
    } finally {
      await handle.close();
    }
    return true;
  } catch {
    return false;
  }
}

function conmonArguments(
  { id, bundle, log, terminal, stdin }: Launch,
  { file, globals, exits }: { readonly file: string; readonly globals: readonly string[]; readonly exits: string },
): readonly string[] {
  const args = ["--api-version", "1", "--cid", id, "--cuuid", id, "--name", id, "--runtime", file, "--bundle", bundle];
  args.push("--container-pidfile", path.join(bundle, "pid"), "--conmon-pidfile", path.join(bundle, "conmon.pid"));
  args.push("--exit-dir", exits, "--persist-dir", bundle, "--full-attach", "--no-sync-log", "--log-level", "error");
  args.push("--log-path", log === undefined ? "none:" : `k8s-file:${log.file}`);
  if (log?.maxSize !== undefined) args.push("--log-size-max", String(log.maxSize));
  if (terminal) args.push("--terminal");
  else if (stdin !== "none") args.push("--stdin");
  if (stdin === "open") args.push("--leave-stdin-open");
  for (const argument of globals) args.push("--runtime-arg", argument);
  return args;
}

/** The first line of a pipe (undefined: it ended before), and its end. */
function readReport(pipe: Readable): { line: Promise<string | undefined>; end: Promise<void> } {
  let text = "";
  const end = new Promise<void>((resolve) => pipe.on("close", () => resolve()));
  const line = new Promise<string | undefined>((resolve) => {
    pipe.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const stop = text.indexOf("\n");
      if (stop !== -1) resolve(text.slice(0, stop));
    });
    pipe.on("close", () => resolve(text === "" ? undefined : text));
    pipe.on("error", () => resolve(undefined));
  });
  return { line, end };
}

/** What conmon reports: `{"data": PID}`, or -1 and the runtime's words. */
function parseReport(line: string): number {
  const report: { data?: number; message?: string } = JSON.parse(line);
  if (report.data !== undefined && report.data > 0) return report.data;
  throw new Error(report.message?.trim() || `conmon reports ${line}`);
}
