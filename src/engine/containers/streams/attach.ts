/** Attaching to a container: its output as it comes, and what is typed to it. And the size of its terminal. */

import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import path from "node:path";
import type { Connection, Engine } from "../../api.ts";
import { parseDetachKeys, scanDetachKeys } from "../../detach-keys.ts";
import { frameStream } from "../../frames.ts";
import { badRequest, conflict } from "../../refusal.ts";
import { readLog } from "../logs/read-log.ts";
import type { Container } from "../registry.ts";
import { publish, type Room } from "../room.ts";
import { isRunning, mustRun } from "../state.ts";
import { finishing } from "./logs.ts";
import { openAttachRelay } from "./relay.ts";
import { nextEnd } from "./until.ts";

export function answerAttach(room: Room): Pick<Engine, "containerAttach" | "containerResize"> {
  return {
    containerAttach: async (args, { signal } = {}) => {
      const container = room.registry.find(args.id);
      const { state, id } = container.record;
      if (state.status === "paused") throw conflict(`Container ${id} is paused, unpause the container before attach`);
      if (state.status === "restarting")
        throw conflict(`Container ${id} is restarting, wait until the container is running`);
      const keys = parseDetachKeys(args.detachKeys);
      const { log } = room.places.of(id);
      const written = args.logs === true ? 0 : await sizeOf(log);
      publish(room, container.record, "attach");
      return openAttachment(room, container, {
        from: written,
        stdout: args.stdout === true,
        stderr: args.stderr === true,
        stdin: args.stdin === true,
        // Without `stream` only what was written already is told.
        follow: args.stream === true,
        keys: container.record.config.Tty === true ? keys : undefined,
        signal,
      });
    },

    containerResize: async ({ id, h, w }) => {
      const container = room.registry.find(id);
      mustRun(container.record);
      const size = checkSize(h, w);
      if (container.record.config.Tty === true) await tellSize(room.places.of(container.id).bundle, size);
      publish(room, container.record, "resize", { height: String(h), width: String(w) });
    },
  };
}

interface AttachOptions {
  /** The place in the log from which on output is shown. */
  readonly from: number;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly stdin: boolean;
  readonly follow: boolean;
  /** The keys that end the attachment; absent: none does. */
  readonly keys: Buffer | undefined;
  readonly signal: AbortSignal | undefined;
}

function openAttachment(room: Room, container: Container, options: AttachOptions): Connection {
  const stop = new AbortController();
  const signals = [stop.signal, ...(options.signal ? [options.signal] : [])];
  const end = nextEnd(container);
  const output = readWhenThere(room.places.of(container.id).log, container, {
    ...options,
    ended: end.ended,
    signal: AbortSignal.any(signals),
  });
  const input = options.stdin ? openInput(room, container) : undefined;
  const scan = options.keys === undefined ? undefined : scanDetachKeys(options.keys);
  return {
    frames: finishing(output, () => {
      end.cancel();
      input?.end();
    }),
    write: async (data) => {
      if (input === undefined || stop.signal.aborted) return;
      const { pass, detached } = scan?.(data) ?? { pass: data, detached: false };
      if (pass.length > 0) await input.write(pass);
      if (!detached) return;
      publish(room, container.record, "detach");
      stop.abort();
    },
    // A terminal has no end of input but what is typed for it.
    closeWrite: () => {
      if (container.record.config.Tty !== true) input?.end();
    },
    destroy: () => stop.abort(),
  };
}

/** The log, once there is one: a container that was never started has none yet. */
async function* readWhenThere(
  file: string,
  container: Container,
  options: AttachOptions & { readonly ended: Promise<void>; readonly signal: AbortSignal },
) {
  const { from, stdout, stderr, follow, ended, signal } = options;
  const choice = { stdout, stderr, timestamps: false, details: false, from, signal };
  if (!follow) {
    yield* frameStream(readLog(file, choice));
    return;
  }
  if (!isRunning(container.record.state)) await Promise.race([nextStart(container), ended, aborted(signal)]);
  if (!signal.aborted) yield* frameStream(readLog(file, { ...choice, ended }));
}

function nextStart(container: Container): Promise<void> {
  return new Promise((resolve) => {
    const stop = container.listen(() => {
      stop();
      resolve();
    });
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

interface Input {
  write(data: Uint8Array): Promise<void>;
  /** No more will come: the container sees the end of its input, where it was made so. */
  end(): void;
}

/** What is written goes to the container; before it runs, it waits. A container without an open stdin drops it. */
function openInput(room: Room, container: Container): Input {
  const { config } = container.record;
  if (config.OpenStdin !== true) return { write: async () => {}, end: () => {} };
  let relay: Promise<NodeJS.WritableStream | undefined> | undefined;
  const open = async () => {
    if (!isRunning(container.record.state)) await nextStart(container);
    if (!isRunning(container.record.state)) return undefined;
    const child = openAttachRelay(path.join(room.places.of(container.id).bundle, "attach"));
    child.on("error", (error) =>
      room.ground.log("warn", "cannot pass on what is typed", { container: container.id, error }),
    );
    // The container may end while something is still being typed.
    child.stdin?.on("error", () => {});
    return child.stdin ?? undefined;
  };
  const opened = () => (relay ??= open());
  return {
    write: async (data) => {
      const stream = await opened();
      if (stream === undefined || !stream.writable) return;
      await new Promise<void>((resolve) => stream.write(data, () => resolve()));
    },
    end: () => {
      // Also opened only to be ended: that is what tells the container.
      void opened().then((stream) => stream?.end());
    },
  };
}

/** Rows and columns as conmon takes them: 1 to 1000. EngineError 400 for what is no size. */
export function checkSize(rows: number | undefined, columns: number | undefined): { rows: number; columns: number } {
  if (rows === undefined || columns === undefined || rows < 0 || columns < 0)
    throw badRequest("invalid size: h and w are needed");
  return { rows: Math.min(rows, 1000), columns: Math.min(columns, 1000) };
}

/**
 * How much conmon reads at once. Of several lines in one piece it heeds the first, and only that, as often as there are
 * lines: so every size fills a piece. Source: conmon, src/ctrl.c.
 */
const pieceOfControl = 199;

/** conmon reads the FIFO as long as the container runs; without a reader nobody waits. */
async function tellSize(bundle: string, { rows, columns }: { rows: number; columns: number }): Promise<void> {
  const fifo = path.join(bundle, "winsz");
  const handle = await open(fifo, constants.O_WRONLY | constants.O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENXIO" || error.code === "ENOENT") return undefined;
    throw error;
  });
  if (handle === undefined) return;
  try {
    await handle.write(`${`${rows} ${columns}`.padEnd(pieceOfControl - 1)}\n`);
  } finally {
    await handle.close();
  }
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0;
}
