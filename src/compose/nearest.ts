/**
 * The name that a misspelt one most likely means, or undefined when none is close: at most a third of the letters may
 * differ (one insertion, deletion, replacement or swap of neighbours counts one), or it is the beginning of one candidate
 * only. Case and the choice of `-` or `_` do not count. Among more than a thousand names none is looked for.
 */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  const candidates = [...names].filter((candidate) => candidate !== name);
  if (candidates.length > 1000 || name.length > 100) return undefined;
  const wanted = plain(name);
  const limit = Math.max(1, Math.floor(wanted.length / 3));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, plain(candidate), bestDistance);
    if (distance < bestDistance && distance < wanted.length) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best ?? completion(wanted, candidates);
}

function completion(beginning: string, candidates: readonly string[]): string | undefined {
  if (beginning.length < 4) return undefined;
  const [only, ...others] = candidates.filter((candidate) => plain(candidate).startsWith(beginning));
  return others.length === 0 ? only : undefined;
}

/** `did you mean "db"?`, or undefined when no candidate is close. */
export function suggestion(name: string, candidates: Iterable<string>): string | undefined {
  const found = nearest(name, candidates);
  return found === undefined ? undefined : `did you mean "${found}"?`;
}

/** Makes a limited number of suggestions: a project with more faults than that has no slip of the pen. */
export function suggester(limit: number): typeof suggestion {
  let left = limit;
  return (name, candidates) => (left-- > 0 ? suggestion(name, candidates) : undefined);
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll("-", "_");
}

/** Optimal string alignment distance; answers `limit` as soon as it cannot be less. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(previous, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(at(previous, j) + 1, at(row, j - 1) + 1, replaced);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, at(beforePrevious, j - 2) + 1);
      }
      row.push(cost);
    }
    if (Math.min(...row) >= limit) return limit;
    beforePrevious = previous;
    previous = row;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
