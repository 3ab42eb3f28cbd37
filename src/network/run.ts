/** Runs the host's network tools: argument arrays, what they read on standard input, a constructed environment. */

import { spawn } from "node:child_process";

/** Where the tools of the packages iproute2, nftables, util-linux and procps are. */
export const environment = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a tool to its end; `started` is told its process. Rejects only where it cannot be started. */
export function tryRun(
  command: string,
  args: readonly string[],
  input?: string,
  started: (pid: number) => void = () => {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: environment,
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    if (child.pid !== undefined) started(child.pid);
    let [stdout, stderr] = ["", ""];
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    // A tool that stops reading early says why on its own.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
    child.on("error", (cause) => reject(new Error(`${command} cannot be started: ${cause.message}`, { cause })));
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** Runs a tool and gives back what it printed; rejects with its own words where it failed. */
export async function run(
  command: string,
  args: readonly string[],
  input?: string,
  started?: (pid: number) => void,
): Promise<string> {
  const { code, stdout, stderr } = await tryRun(command, args, input, started);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr.trim() || `exit code ${code}`}`);
  return stdout;
}
