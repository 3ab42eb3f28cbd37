/** When a container that has ended is started again, and after how long (moby, daemon/restartmanager). */

import type { RestartPolicySpec } from "../api.ts";

export interface Ended {
  readonly exitCode: number;
  /** How often the policy has started it already. */
  readonly restartCount: number;
  readonly stoppedByCall: boolean;
}

export function restartsAfter(policy: RestartPolicySpec | undefined, end: Ended): boolean {
  if (end.stoppedByCall) return false;
  switch (policy?.Name) {
    case "always":
    case "unless-stopped":
      return true;
    case "on-failure": {
      const most = policy.MaximumRetryCount ?? 0;
      return end.exitCode !== 0 && (most === 0 || end.restartCount < most);
    }
    default:
      return false;
  }
}

/**
 * Whether a container is started when the daemon starts, after a reboot say. `ran`: when it was last seen; `begun`: it has
 * been started before: what was only created is nobody's to start.
 */
export function restartsWithDaemon(
  policy: RestartPolicySpec | undefined,
  end: Ended & { readonly ran: boolean; readonly begun: boolean },
): boolean {
  if (!end.begun) return false;
  switch (policy?.Name) {
    case "always":
      return true;
    case "unless-stopped":
      return !end.stoppedByCall;
    default:
      return end.ran && restartsAfter(policy, end);
  }
}

const first = 100;
const longest = 60_000;
/** Having run so long, it is not failing again and again. */
const settled = 10_000;

/** Milliseconds to wait: doubled from 100 ms to a minute, unless it ran for 10 s. `before`: the wait before that run, 0 for none. */
export function restartDelay(before: number, ranFor: number): number {
  return before === 0 || ranFor >= settled ? first : Math.min(before * 2, longest);
}
