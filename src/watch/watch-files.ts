import { statSync } from "node:fs";
import path from "node:path";
import { openBatcher } from "./batcher.ts";
import type { WatchWarning } from "./event.ts";
import { observeFiles } from "./observe-files.ts";

/** A batch of an editor's notices: milliseconds. */
const pace = { quiet: 50, most: 500 };

export interface WatchFilesOptions {
  /** Absolute paths; what is not there yet is waited for, as long as its directory is there. */
  readonly files: readonly string[];
  /** Unix milliseconds: what changed since then is told at once. */
  readonly since: number;
  /** Told of those that may have changed; not again until it has come to its end. */
  readonly onChange: (changed: readonly string[]) => Promise<void>;
  readonly onWarning: (warning: WatchWarning) => void;
}

/** Watches single files by their directories, so that a file that an editor replaces is still watched. */
export async function watchFiles({ files, since, onChange, onWarning }: WatchFilesOptions): Promise<AsyncDisposable> {
  const wanted = new Set(files);
  const directories = new Set(files.map((file) => path.dirname(file)));
  const batcher = openBatcher<string>(pace, (changed) => onChange([...changed]));
  const observation = await observeFiles({
    roots: [...directories],
    leads: (directory) => directories.has(directory),
    onHint: (file) => {
      if (wanted.has(file)) batcher.add(file);
    },
    onWarning,
  });
  for (const file of wanted) if (changedAt(file) > since) batcher.add(file);
  return {
    [Symbol.asyncDispose]: () => {
      batcher.close();
      return observation.close();
    },
  };
}

/** Unix milliseconds; 0 for what is not there or cannot be looked at. */
function changedAt(file: string): number {
  try {
    return statSync(file).ctimeMs;
  } catch {
    return 0;
  }
}
