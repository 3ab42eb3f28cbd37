/** The calls for processes that are run in containers beside the first one. Kept in memory: they end with their daemon. */

import { randomBytes } from "node:crypto";
import type { Connection, Engine, ExecCreateBody, ExecInspect, Frame } from "../../api.ts";
import { parseDetachKeys, scanDetachKeys } from "../../detach-keys.ts";
import { conflict, notFound } from "../../refusal.ts";
import { takeExecBody, takeExecStartBody } from "../bodies.ts";
import type { ContainerRecord } from "../record.ts";
import type { Container } from "../registry.ts";
import { publish, type Room } from "../room.ts";
import { mustRun } from "../state.ts";
import { checkSize } from "../streams/attach.ts";
import { type Inside, runInside, userInside } from "./inside.ts";

interface Exec {
  readonly id: string;
  readonly container: Container;
  readonly body: ExecCreateBody;
  readonly keys: Buffer;
  inside: Inside | undefined;
  /** null: it has not ended, or not begun. */
  exitCode: number | null;
  pid: number;
  begun: boolean;
  size: { rows: number; columns: number } | undefined;
}

export type ExecCalls = Pick<Engine, "execCreate" | "execStart" | "execInspect" | "execResize">;

export interface Execs {
  readonly calls: ExecCalls;
  /** The IDs of a container's processes that run. */
  of(id: string): readonly string[];
}

export function openExecs(room: Room): Execs {
  const execs = new Map<string, Exec>();
  const find = (id: string): Exec => {
    const exec = execs.get(id);
    if (exec === undefined) throw notFound(`No such exec instance: ${id}`);
    return exec;
  };
  const forget = (container: Container) => {
    for (const [id, exec] of execs) if (exec.container === container) execs.delete(id);
  };

  const calls: ExecCalls = {
    execCreate: async ({ id, body: sent }) => {
      const container = room.registry.find(id);
      const body = takeExecBody(sent);
      mustRunUnpaused(container.record);
      const keys = parseDetachKeys(body.DetachKeys);
      // Refused here: clients do not read the body of a refused start.
      userInside(room, container.record, body.User);
      const execId = randomBytes(32).toString("hex");
      const exec = {
        id: execId,
        container,
        body,
        keys,
        inside: undefined,
        exitCode: null,
        pid: 0,
        begun: false,
        size: undefined,
      };
      execs.set(execId, exec);
      const stop = container.listen((change) => {
        if (change !== "removed") return;
        stop();
        forget(container);
      });
      publish(room, container.record, `exec_create: ${body.Cmd.join(" ")}`, { execID: execId });
      return { Id: execId };
    },

    execStart: async ({ id, body }, { signal } = {}) => {
      const exec = find(id);
      const { Detach } = takeExecStartBody(body);
      const { container } = exec;
      if (exec.begun)
        throw conflict(`Exec instance ${id} has already ${exec.exitCode === null ? "started" : "exited"}`);
      mustRunUnpaused(container.record);
      exec.begun = true;
      const inside = await start(room, exec).catch((error: unknown) => {
        exec.exitCode = 126;
        throw error;
      });
      if (Detach === true) {
        discard(inside.output);
        return emptyConnection;
      }
      return connectionOf(inside, exec, signal);
    },

    execInspect: async ({ id }) => describe(find(id)),

    execResize: async ({ id, h, w }) => {
      const exec = find(id);
      const { rows, columns } = checkSize(h, w);
      exec.size = { rows, columns };
      exec.inside?.resize(rows, columns);
    },
  };
  const of = (id: string) =>
    [...execs.values()].filter((exec) => exec.container.id === id && exec.inside !== undefined).map((exec) => exec.id);
  return { calls, of };
}

async function start(room: Room, exec: Exec): Promise<Inside> {
  const { body, container } = exec;
  const inside = await runInside(room, container.record, {
    args: body.Cmd,
    env: body.Env ?? [],
    ...(body.User !== undefined && { user: body.User }),
    ...(body.WorkingDir !== undefined && { cwd: body.WorkingDir }),
    privileged: body.Privileged === true,
    tty: body.Tty === true,
    stdin: body.AttachStdin === true,
    ...(exec.size !== undefined && { size: exec.size }),
  });
  exec.inside = inside;
  publish(room, container.record, `exec_start: ${body.Cmd.join(" ")}`, { execID: exec.id });
  const finish = (exitCode: number) => {
    exec.exitCode = exitCode;
    exec.inside = undefined;
    publish(room, container.record, "exec_die", { execID: exec.id, exitCode: String(exitCode) });
  };
  inside.exited.then(finish, (error: unknown) => {
    room.ground.log("error", "a process could not be run in a container", { container: container.id, error });
    finish(126);
  });
  return inside;
}

function connectionOf(inside: Inside, exec: Exec, signal: AbortSignal | undefined): Connection {
  const scan = exec.body.Tty === true ? scanDetachKeys(exec.keys) : undefined;
  const left = new AbortController();
  signal?.addEventListener("abort", () => left.abort(), { once: true });
  return {
    frames: outputOf(inside, exec, left.signal),
    write: async (data) => {
      const { pass, detached } = scan?.(data) ?? { pass: data, detached: false };
      if (pass.length > 0) await inside.write(pass);
      if (detached) left.abort();
    },
    closeWrite: () => {
      if (exec.body.Tty !== true) inside.closeInput();
    },
    destroy: () => left.abort(),
  };
}

/** What is asked for of the output, then the exit is known. Whoever leaves early leaves the process running. */
async function* outputOf(inside: Inside, { body }: Exec, left: AbortSignal): AsyncGenerator<Frame, void, undefined> {
  const iterator = inside.output[Symbol.asyncIterator]();
  const gone = new Promise<undefined>((resolve) =>
    left.addEventListener("abort", () => resolve(undefined), { once: true }),
  );
  for (;;) {
    const next = left.aborted ? undefined : await Promise.race([iterator.next(), gone]);
    if (next === undefined) {
      discard({ [Symbol.asyncIterator]: () => iterator });
      return;
    }
    if (next.done === true) break;
    const wanted = body.Tty === true || (next.value.stream === "stdout" ? body.AttachStdout : body.AttachStderr);
    if (wanted !== false) yield next.value;
  }
  // Clients ask for the exit code as soon as the output has ended.
  await inside.exited.catch(() => {});
}

/** Reads to the end, so that the process never waits for a reader. */
function discard(frames: AsyncIterable<Frame>): void {
  const drain = async () => {
    for await (const _ of frames);
  };
  drain().catch(() => {});
}

const emptyConnection: Connection = {
  frames: (async function* () {})(),
  write: async () => {},
  closeWrite: () => {},
  destroy: () => {},
};

async function describe({ id, container, body, inside, exitCode, begun, pid }: Exec): Promise<ExecInspect> {
  const [entrypoint = "", ...rest] = body.Cmd;
  return {
    ID: id,
    Running: begun && exitCode === null,
    ExitCode: exitCode,
    ContainerID: container.id,
    Pid: inside === undefined ? pid : await inside.pid(),
    OpenStdin: body.AttachStdin === true,
    OpenStdout: body.AttachStdout === true,
    OpenStderr: body.AttachStderr === true,
    CanRemove: false,
    DetachKeys: body.DetachKeys ?? "",
    ProcessConfig: {
      tty: body.Tty === true,
      entrypoint,
      arguments: rest,
      privileged: body.Privileged === true,
      ...(body.User !== undefined && { user: body.User }),
    },
  };
}

function mustRunUnpaused(record: ContainerRecord): void {
  mustRun(record);
  if (record.state.status === "paused") {
    throw conflict(`Container ${record.name} is paused, unpause the container before exec`);
  }
}
