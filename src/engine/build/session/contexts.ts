/**
 * What was sent of build contexts before: a file whose name, size and time are still the same is not sent again. Contents
 * lie in files without a name, which go when nobody has them open any more.
 */

import { closeSync } from "node:fs";
import type { FileTable } from "../file-table.ts";

/** A file that contents lie in, open while somebody needs it. */
export interface ContentFile {
  readonly fd: number;
  retain(): void;
  release(): void;
}

export function contentFile(fd: number): ContentFile {
  let users = 1;
  return {
    fd,
    retain: () => void users++,
    release: () => {
      if (--users === 0) closeSync(fd);
    },
  };
}

export interface SentFiles {
  readonly table: FileTable;
  readonly files: readonly ContentFile[];
}

export interface SentContexts {
  get(key: string): SentFiles | undefined;
  /** Keeps what was sent last, and lets go of what was kept under the key before. */
  put(key: string, sent: SentFiles): void;
}

/** How many files the contents of one directory may lie in. */
const mostFiles = 16;

/** `most`: how many directories are remembered. */
export function rememberContexts(most = 32): SentContexts {
  const known = new Map<string, SentFiles>();
  const forget = (key: string) => {
    for (const file of known.get(key)?.files ?? []) file.release();
    known.delete(key);
  };
  return {
    get: (key) => known.get(key),
    put: (key, { table, files }) => {
      // Many builds that change little each would keep many files open: the oldest contents are sent once more then.
      const kept = files.slice(0, mostFiles);
      for (const file of kept) file.retain();
      forget(key);
      known.set(key, {
        table: kept.length === files.length ? table : table.keeping(new Set(kept.map(({ fd }) => fd))),
        files: kept,
      });
      for (const oldest of known.keys()) {
        if (known.size <= most) break;
        forget(oldest);
      }
    },
  };
}
