import type { Connection } from "../engine/api.ts";
import { parseDetachKeys, scanDetachKeys } from "../engine/detach-keys.ts";
import { readDockerConfig } from "../engine/docker-config.ts";
import { UsageError } from "../errors.ts";
import { processEnvironment } from "./process-environment.ts";
import { rawOutput, type TalkOutput } from "./talk-output.ts";

/** A size of a terminal, in characters. */
export interface TerminalSize {
  readonly h: number;
  readonly w: number;
}

export interface TalkOptions {
  /** The process in the container has a terminal: this one is put in raw mode and its size is passed on. */
  readonly tty: boolean;
  /** Whether what is typed, or comes through a pipe, goes to the process. */
  readonly stdin: boolean;
  /** Keys that leave the process to itself; absent where it has no terminal. */
  readonly detachKeys?: DetachKeys | undefined;
  /** Where its output goes; this process's streams where absent. */
  readonly output?: TalkOutput;
  /** Sets the size of the process's terminal. */
  readonly resize: (size: TerminalSize) => Promise<void>;
}

export interface Talk {
  /** Why it is over: the process wrote its last, or the user pressed the detach keys. */
  readonly over: Promise<"ended" | "detached">;
  /** Passes this terminal's size on, now that the process has one. `redraw`: as if it had changed. */
  readonly sized: (options?: { readonly redraw?: boolean }) => Promise<void>;
}

/**
 * Makes this process's streams the ends of a connection with a process in a container. The terminal is as it was when
 * it is over, also where that is an error.
 */
export function talk(connection: Connection, { tty, stdin, detachKeys, resize, output }: TalkOptions): Talk {
  const input = process.stdin;
  const isRaw = tty && stdin && input.isTTY === true;
  const detached = Promise.withResolvers<"detached">();
  const scan = detachKeys
    ? scanDetachKeys(detachKeys.bytes)
    : (piece: Uint8Array) => ({ pass: piece, detached: false });
  const onData = (piece: Buffer) => {
    const { pass, detached: isOver } = scan(piece);
    input.pause();
    // A process that has closed its input does not hear what is typed; its output goes on.
    const written = pass.length > 0 ? connection.write(pass).catch(() => {}) : Promise.resolve();
    void written.then(() => (isOver ? detached.resolve("detached") : input.resume()));
  };
  const onEnd = () => connection.closeWrite();
  // One call after the other: of two at once, the engine may carry out the older one last.
  let passed = Promise.resolve();
  const sized = ({ redraw = false } = {}) => {
    passed = passed.then(() => passSize(redraw));
    return passed;
  };
  const passSize = async (redraw: boolean) => {
    const { rows: h, columns: w } = process.stdout;
    if (!tty || !h || !w) return;
    if (redraw) await resize({ h: h + 1, w }).catch(() => {});
    // Too early or too late: there is no process, so its size does not matter.
    await resize({ h, w }).catch(() => {});
  };
  const onResize = () => void sized();

  if (isRaw) input.setRawMode(true);
  if (stdin) input.on("data", onData).on("end", onEnd).on("error", onEnd);
  else connection.closeWrite();
  if (tty) process.stdout.on("resize", onResize);

  const over = Promise.race([showOutput(connection, output ?? rawOutput), detached.promise]).finally(() => {
    input.off("data", onData).off("end", onEnd).off("error", onEnd);
    input.pause();
    if (isRaw) input.setRawMode(false);
    process.stdout.off("resize", onResize);
    connection.destroy();
  });
  return { over, sized };
}

async function showOutput({ frames }: Connection, output: TalkOutput): Promise<"ended"> {
  for await (const frame of frames) await output.write(frame);
  output.end();
  return "ended";
}

/** Detach keys, as the engine is told of them and as they are typed. */
export interface DetachKeys {
  readonly text: string;
  readonly bytes: Buffer;
}

/** The detach keys of a flag, else those of docker's config.json, else ctrl-p ctrl-q. Throws UsageError for no keys. */
export async function detachKeysOf(flag?: string): Promise<DetachKeys> {
  const text = flag || (await readDockerConfig(processEnvironment())).detachKeys || "ctrl-p,ctrl-q";
  try {
    return { text, bytes: parseDetachKeys(text) };
  } catch (cause) {
    const hint = "keys are letters and ctrl-<letter>, with commas between: ctrl-p,ctrl-q";
    throw new UsageError(`"${text}" are no detach keys`, { hint, cause });
  }
}

export interface TerminalFlags {
  readonly tty?: boolean | undefined;
  readonly "no-tty"?: boolean | undefined;
  readonly interactive?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/**
 * Whether the process gets a terminal: as the flags say, else where both ends of it are here, and never with `--json`.
 * Throws UsageError for flags that contradict each other, and where a terminal is asked for and input is none.
 */
export function wantsTerminal(flags: TerminalFlags): boolean {
  if (flags.tty !== undefined && flags["no-tty"]) throw new UsageError("--tty and --no-tty contradict each other");
  if (flags.json && flags.tty) throw new UsageError("--json and --tty contradict each other: lines are no terminal");
  if (flags.json || flags["no-tty"] || flags.tty === false) return false;
  if (flags.tty === undefined) return process.stdin.isTTY === true && process.stdout.isTTY === true;
  if (flags.interactive !== false && process.stdin.isTTY !== true) {
    throw new UsageError("the input device is not a TTY", { hint: "leave --tty out, or use -T" });
  }
  return true;
}
