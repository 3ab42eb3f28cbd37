/** The daemon's own log: one line per message on stderr, in logfmt. */

import type { Log, LogLevel } from "./ground.ts";

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** Writes what is at least as important as `least`. */
export function openLog(least: LogLevel, write: (line: string) => void): Log {
  return (level, message, details = {}) => {
    if (levels.indexOf(level) < levels.indexOf(least)) return;
    const pairs = Object.entries({ time: new Date().toISOString(), level, msg: message, ...details });
    write(`${pairs.map(([name, value]) => `${name}=${quote(value)}`).join(" ")}\n`);
  };
}

function quote(value: unknown): string {
  const text =
    typeof value === "string" ? value : value instanceof Error ? (value.stack ?? value.message) : JSON.stringify(value);
  return /^[\w.:/@+-]+$/.test(text ?? "") ? String(text) : JSON.stringify(text ?? null);
}
