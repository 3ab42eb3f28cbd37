import { UsageError } from "../errors.ts";

const unitMilliseconds: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * A point in time as `--since` and `--until` take it, for the engine: unix seconds with up to nine decimals. Understands
 * unix times (`1136073600.5`), durations before `now` (unix milliseconds; `42m`, `1h30m`) and RFC 3339 times, also
 * without the parts at the end; without a zone they are local. Throws UsageError for anything else.
 */
export function parseTime(flag: string, text: string, now: number): string {
  if (/^\d+(\.\d{1,9})?$/.test(text)) return text;
  const duration = /^-?(?:\d+(?:\.\d+)?(?:ms|h|m|s))+$/.test(text) ? parseDuration(text) : undefined;
  if (duration !== undefined) return ((now - duration) / 1000).toFixed(3);
  const match = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2})(?::(\d{2})(?::(\d{2})(\.\d{1,9})?)?)?)?(Z|[+-]\d{2}:\d{2})?$/.exec(
    text,
  );
  if (match !== null) {
    const [, day, hour = "00", minute = "00", second = "00", fraction = "", zone = ""] = match;
    const time = Date.parse(`${day}T${hour}:${minute}:${second}${zone}`);
    if (!Number.isNaN(time)) return `${time / 1000}${fraction}`;
  }
  throw new UsageError(`--${flag} "${text}" is not a time`, {
    hint: "a time is 42m, 1h30m, 2026-11-24T05:00:00Z, or unix seconds",
  });
}

function parseDuration(text: string): number {
  let total = 0;
  for (const [, value, unit = "s"] of text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)) {
    total += Number(value) * (unitMilliseconds[unit] ?? 0);
  }
  return total;
}
