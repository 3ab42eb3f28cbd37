/** Durations as Go writes them: `1h30m`, `500ms`, `1.5s`. Pure. */

const nanoseconds: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Nanoseconds; undefined for what is no duration, or a negative one. */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  if (!/^(?:[0-9]+(?:\.[0-9]*)?(?:ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(/([0-9.]+)(ns|us|µs|ms|s|m|h)/g))
    sum += Number(amount) * (nanoseconds[unit ?? ""] ?? 0);
  return Math.round(sum);
}

/** Nanoseconds as Go writes them: `1h30m0s`, `1.5s`, `500ms`. */
export function formatDuration(duration: number): string {
  if (duration === 0) return "0s";
  if (duration < 1e3) return `${duration}ns`;
  if (duration < 1e6) return `${duration / 1e3}µs`;
  if (duration < 1e9) return `${duration / 1e6}ms`;
  const hours = Math.floor(duration / 3600e9);
  const minutes = Math.floor((duration % 3600e9) / 60e9);
  const seconds = (duration % 60e9) / 1e9;
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}
