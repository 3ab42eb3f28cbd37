import type { Nanoseconds } from "../model.ts";
import type { Parsed } from "./parsed.ts";

const units: ReadonlyMap<string, number> = new Map([
  ["ns", 1],
  ["us", 1e3],
  ["µs", 1e3],
  ["μs", 1e3],
  ["ms", 1e6],
  ["s", 1e9],
  ["m", 60e9],
  ["h", 3600e9],
  ["d", 24 * 3600e9],
  ["w", 7 * 24 * 3600e9],
]);

const hint = "write a number with a unit: 500ms, 10s, 1m30s, 2h, 1d";

/**
 * Reads a duration: `[+-]?(NUMBER UNIT)+` with fractions and the units ns, us (µs), ms, s, m, h, d and w, or `0`. The
 * grammar is that of Go's time.ParseDuration, with days and weeks added.
 */
export function parseDuration(text: string): Parsed<Nanoseconds> {
  const [, sign = "", rest = ""] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (rest === "0") return { value: 0 };
  let total = 0;
  let at = 0;
  const part = /([0-9]*)(?:\.([0-9]*))?([^0-9.]*)/y;
  do {
    part.lastIndex = at;
    const [matched = "", whole = "", fraction = "", unit = ""] = part.exec(rest) ?? [];
    if (whole === "" && fraction === "") return { error: `invalid duration "${text}"`, hint };
    if (unit === "") return { error: `missing unit in duration "${text}"`, hint };
    const factor = units.get(unit);
    if (factor === undefined) return { error: `unknown unit "${unit}" in duration "${text}"`, hint };
    total += Number(whole) * factor + Math.trunc(Number(fraction) * (factor / 10 ** fraction.length));
    at += matched.length;
  } while (at < rest.length);
  return { value: sign === "-" ? -total : total };
}

/** Prints a duration as Go does: 1h0m0s, 1m30s, 1.5s, 100ms, 0s. */
export function formatDuration(duration: Nanoseconds): string {
  if (duration === 0) return "0s";
  const sign = duration < 0 ? "-" : "";
  const size = Math.abs(duration);
  if (size < 1e3) return `${sign}${size}ns`;
  if (size < 1e6) return `${sign}${size / 1e3}µs`;
  if (size < 1e9) return `${sign}${size / 1e6}ms`;
  const minutes = Math.floor(size / 60e9);
  const seconds = fixed(size - minutes * 60e9);
  if (minutes === 0) return `${sign}${seconds}s`;
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${sign}${minutes}m${seconds}s` : `${sign}${hours}h${minutes % 60}m${seconds}s`;
}

/** Nanoseconds below a minute as decimal seconds, exactly. */
function fixed(nanoseconds: number): string {
  const whole = Math.floor(nanoseconds / 1e9);
  const fraction = String(nanoseconds % 1e9)
    .padStart(9, "0")
    .replace(/0+$/, "");
  return fraction === "" ? String(whole) : `${whole}.${fraction}`;
}
