const units: ReadonlyMap<string, number> = new Map([
  ["w", 7 * 24 * 3_600_000],
  ["d", 24 * 3_600_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
]);

/**
 * What a pull policy means: pull whatever is there, pull what is missing, never, build, or pull what was last tagged
 * longer ago than `olderThan` milliseconds. Any other word means missing.
 * Source: compose-spec, "pull_policy".
 */
export type PullPolicy =
  | { readonly kind: "always" | "missing" | "never" | "build" }
  | { readonly kind: "older"; readonly olderThan: number };

export function readPullPolicy(text: string | undefined): PullPolicy {
  switch (text) {
    case "always":
    case "never":
    case "build":
      return { kind: text };
    case "daily":
      return readPullPolicy("every_1d");
    case "weekly":
      return readPullPolicy("every_1w");
    default: {
      if (text === undefined || !/^every_(\d+[wdhms])+$/.test(text)) return { kind: "missing" };
      let olderThan = 0;
      for (const [, count, unit = ""] of text.matchAll(/(\d+)([wdhms])/g))
        olderThan += Number(count) * (units.get(unit) ?? 0);
      return { kind: "older", olderThan };
    }
  }
}
