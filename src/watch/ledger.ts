import type { Operation } from "./operations.ts";
import { below } from "./tree.ts";

/** What one container lacks: removals come first, then what is written, parents before what is in them. */
export interface Delta {
  readonly removals: readonly string[];
  readonly puts: readonly { readonly source: string; readonly target: string }[];
}

/**
 * Everything that was changed in a service since it is watched, and when. A container that was just made, or whose last
 * batch failed, gets what it lacks from here, so that all containers of a service end with the same files.
 */
export interface Ledger {
  /** Enters a batch, and gives its number. */
  add(operations: readonly Operation[]): number;
  /** What a container lacks that has all up to a batch; 0: it has nothing. */
  since(batch: number): Delta;
  /** Forgets what is nobody's any more; `source`: absent for a removal. */
  keep(isWanted: (target: string, source: string | undefined) => boolean): void;
  /** The number of the last batch. */
  readonly last: number;
}

interface Entry {
  removed?: number;
  put?: { readonly source: string; readonly batch: number };
}

export function openLedger(): Ledger {
  const entries = new Map<string, Entry>();
  let last = 0;

  const forgetBelow = (target: string) => {
    for (const known of entries.keys())
      if (known !== target && below(target, known) !== undefined) entries.delete(known);
  };

  return {
    get last() {
      return last;
    },
    add: (operations) => {
      if (operations.length > 0) last++;
      for (const operation of operations) {
        const entry = entries.get(operation.target) ?? {};
        entries.set(operation.target, entry);
        if (operation.op === "put") entry.put = { source: operation.source, batch: last };
        else {
          if (operation.whole) forgetBelow(operation.target);
          entries.set(operation.target, { removed: last });
        }
      }
      return last;
    },
    keep: (isWanted) => {
      for (const [target, { put }] of entries) if (!isWanted(target, put?.source)) entries.delete(target);
    },
    since: (batch) => {
      const removals: string[] = [];
      const puts: { source: string; target: string }[] = [];
      for (const [target, { removed, put }] of entries) {
        if (removed !== undefined && removed > batch) removals.push(target);
        if (put !== undefined && put.batch > batch) puts.push({ source: put.source, target });
      }
      return { removals: removals.sort(), puts: puts.sort((a, b) => (a.target < b.target ? -1 : 1)) };
    },
  };
}
