/** Processes of the host, told apart by more than their number: a number is used again, a start time in one boot is not. */

import { readFile } from "node:fs/promises";

export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks since the boot. */
  readonly startTime: string;
  readonly bootId: string;
}

/** Who has a PID now; undefined where nobody has, or only a zombie. */
export async function identify(pid: number, bootId: string): Promise<ProcessIdentity | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  const parsed = stat === undefined ? undefined : parseStat(stat);
  if (parsed === undefined || parsed.state === "Z" || parsed.state === "X") return undefined;
  return { pid, startTime: parsed.startTime, bootId };
}

/** Whether that very process still lives. */
export async function isAlive(process: ProcessIdentity, bootId: string): Promise<boolean> {
  if (process.bootId !== bootId) return false;
  const now = await identify(process.pid, bootId);
  return now !== undefined && now.startTime === process.startTime;
}

/** Whether a container's process still lives: that it has ended may not have been noticed yet. */
export async function hasProcess(
  run: { readonly process?: ProcessIdentity } | undefined,
  bootId: string,
): Promise<boolean> {
  return run?.process !== undefined && (await isAlive(run.process, bootId));
}

/** Sends a signal to that very process; false where it lives no longer. */
export async function signalProcess(target: ProcessIdentity, signal: number, bootId: string): Promise<boolean> {
  if (!(await isAlive(target, bootId))) return false;
  try {
    process.kill(target.pid, signal);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    throw error;
  }
}

/** Reads /proc/PID/stat (proc_pid_stat(5)); the name in it may hold anything, also parentheses and spaces. */
export function parseStat(text: string): { readonly state: string; readonly startTime: string } | undefined {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state] = fields;
  // Field 22 of the whole line; the state is field 3.
  const startTime = fields[19];
  return state === undefined || startTime === undefined ? undefined : { state, startTime };
}
