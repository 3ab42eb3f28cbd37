/** Sees when somebody changes the kernel's firewall: `nft monitor`. */

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { environment } from "./run.ts";

/** One transaction: its lines, and who did it. */
export interface RulesetChange {
  readonly lines: readonly string[];
  readonly pid: number;
}

export interface RulesetWatch {
  close(): void;
}

/** Starts that may fail one after the other until it is given up. */
const mostFailures = 5;

/** `lost`: changes may have been missed. `blind`: nothing is seen from now on, with the reason. */
export function watchRuleset(on: {
  readonly change: (change: RulesetChange) => void;
  readonly lost: () => void;
  readonly blind: (reason: string) => void;
}): RulesetWatch {
  let stop = () => {};
  let failures = 0;
  const start = () => {
    const child = spawn("setpriv", ["--pdeathsig=KILL", "--", "nft", "monitor"], {
      env: environment,
      stdio: ["ignore", "pipe", "ignore"],
    });
    let over = false;
    let lines: string[] = [];
    createInterface(child.stdout).on("line", (line) => {
      failures = 0;
      const pid = /^# new generation \d+ by process (\d+)/.exec(line)?.[1];
      if (pid === undefined) {
        lines.push(line);
        return;
      }
      on.change({ lines, pid: Number(pid) });
      lines = [];
    });
    const ended = (reason: string) => {
      if (over) return;
      over = true;
      if (++failures >= mostFailures) {
        on.blind(reason);
        return;
      }
      start();
      on.lost();
    };
    child
      .once("error", (error) => ended(error.message))
      .once("exit", (code) => ended(`nft monitor ended with ${code}`));
    stop = () => {
      over = true;
      child.kill();
    };
  };
  start();
  return { close: () => stop() };
}
