/** What every room of the daemon stands on. */

import type { EventLog } from "./event-log.ts";

/** `debug` says each step, `info` what a host's administrator wants to know, `warn` and `error` what needs attention. */
export type LogLevel = "debug" | "info" | "warn" | "error";

export type Log = (level: LogLevel, message: string, details?: Readonly<Record<string, unknown>>) => void;

export interface Ground {
  /** What outlives a reboot: records, layers, volumes. Absolute, mode 0700. */
  readonly dataRoot: string;
  /** What lasts until a reboot: sockets, bundles, network namespaces. Absolute, mode 0700. */
  readonly execRoot: string;
  /** Changes with every boot of the machine: what ran under another one is gone. */
  readonly bootId: string;
  readonly events: EventLog;
  readonly log: Log;
}
