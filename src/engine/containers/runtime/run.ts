/** Runs a program of the host: the only way in which this room starts one that it waits for. */

import { spawn } from "node:child_process";
import { constants } from "node:os";

export interface RunOptions {
  /** What the program reads from its standard input; nothing unless given. */
  readonly input?: string | Uint8Array;
  /** Its output is nobody's: what it leaves running may keep its standard streams open. */
  readonly detached?: boolean;
}

export interface Ran {
  /** The exit code; 128 and the signal's number, where a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment of every program that we start: never this process's own. */
export const plainEnvironment = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  LC_ALL: "C",
  TZ: "UTC",
} as const;

const signalNumbers = new Map(Object.entries(constants.signals));

/** Runs a program to its end. Rejects only when it could not be started (ENOENT, …). */
export function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const output = options.detached === true ? "ignore" : "pipe";
    const child = spawn(file, args, {
      stdio: [options.input === undefined ? "ignore" : "pipe", output, output],
      env: plainEnvironment,
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", reject);
    // A program that ends before it has read everything says so by its exit code, not by our broken pipe.
    child.stdin?.on("error", () => {});
    child.stdin?.end(options.input);
    child.on("close", (code, signal) => {
      resolve({
        code: code ?? 128 + (signal === null ? 0 : (signalNumbers.get(signal) ?? 0)),
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
      });
    });
  });
}

/** Runs a program that must succeed: what it wrote, or an error with its own words. */
export async function succeed(file: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(file, args, options);
  if (code !== 0) throw new Error(stderr.trim() || `${file} ended with code ${code}`);
  return stdout;
}
