/** Tells where something changed in watched folders. */

import path from "node:path";
import type { ChokidarOptions, FSWatcher } from "chokidar";
import type { WatchWarning } from "./event.ts";

export interface ObserveOptions {
  readonly roots: readonly string[];
  /** Whether a directory is to be watched. */
  readonly leads: (directory: string) => boolean;
  /** Something happened at a path; `whole`: in a directory whose notices begin only now. */
  readonly onHint: (path: string, whole: boolean) => void;
  readonly onWarning: (warning: WatchWarning) => void;
}

export interface FileObservation {
  /** Whether folders are looked through again and again, because the system gives no notice. */
  readonly polling: boolean;
  /** Watches directories anew, with all that is in them: others of the same names were watched before. */
  renew(directories: readonly string[]): void;
  close(): Promise<void>;
}

/** Milliseconds after which a directory that is watched anew is looked at: its notices have begun, or soon will. */
const settling = [50, 500];

/**
 * Watches directories, each with one inotify watch, and passes the kernel's notices on as hints: what became of a path is
 * looked up on the disk, so that a notice that comes twice or late does no harm. Resolves once notices come.
 *
 * Where the kernel has no watches left, that is said with the sysctl to raise, and files are polled.
 */
export async function observeFiles(options: ObserveOptions): Promise<FileObservation> {
  let polling = /^(1|t|true)$/i.test(process.env.CHOKIDAR_USEPOLLING ?? "");
  let opening = open(options, polling, pollInstead);

  function pollInstead(error: NodeJS.ErrnoException): void {
    if (polling) return;
    polling = true;
    options.onWarning(explain(error));
    const before = opening;
    opening = before.then(async (watcher) => {
      await watcher.close();
      const next = await open(options, true, () => {});
      for (const root of options.roots) options.onHint(root, true);
      return next;
    });
  }

  await opening;
  // It may be another one by now.
  await opening;
  return {
    get polling() {
      return polling;
    },
    // chokidar misses that a directory with something in it has taken the place of another.
    renew: async (directories) => {
      const watcher = await opening;
      if (polling || watcher.closed || directories.length === 0) return;
      watcher.unwatch([...directories]);
      watcher.add([...directories]);
      for (const delay of settling) {
        setTimeout(() => {
          for (const directory of directories) options.onHint(directory, true);
        }, delay).unref();
      }
    },
    close: async () => (await opening).close(),
  };
}

async function open(
  { roots, leads, onHint, onWarning }: ObserveOptions,
  polling: boolean,
  onExhausted: (error: NodeJS.ErrnoException) => void,
): Promise<FSWatcher> {
  const { watch } = await import("chokidar");
  const settings: ChokidarOptions = {
    ignoreInitial: true,
    atomic: false,
    followSymlinks: false,
    usePolling: polling,
    interval: 300,
    ignored: (file, stats) => {
      if (stats === undefined) return false;
      // The notices of a directory tell of its files; polling has to look at each.
      return stats.isDirectory() ? !leads(file) : !polling;
    },
  };
  const watcher = watch([...roots], settings);
  watcher.on("raw", (_, name, details) => {
    const directory = watchedPathOf(details);
    if (polling || directory === undefined) return;
    onHint(name === null ? directory : path.join(directory, name), false);
  });
  watcher.on("all", (event, file) => {
    // What came into a new directory before it was watched gave no notice.
    if (polling || event === "addDir" || event === "unlinkDir") onHint(file, event === "addDir");
  });
  let isExhausted = false;
  await new Promise<void>((resolve) => {
    watcher.once("ready", () => resolve());
    watcher.on("error", (reason) => {
      const error: NodeJS.ErrnoException = reason instanceof Error ? reason : new Error(String(reason));
      if (error.code !== "ENOSPC" && error.code !== "EMFILE") {
        onWarning({ message: `watching files: ${error.message}` });
        return;
      }
      if (isExhausted) return;
      isExhausted = true;
      onExhausted(error);
      resolve();
    });
  });
  return watcher;
}

function watchedPathOf(details: unknown): string | undefined {
  if (typeof details !== "object" || details === null || !("watchedPath" in details)) return undefined;
  return typeof details.watchedPath === "string" ? details.watchedPath : undefined;
}

function explain({ code }: NodeJS.ErrnoException): WatchWarning {
  const sysctl = code === "ENOSPC" ? "fs.inotify.max_user_watches" : "fs.inotify.max_user_instances";
  const message = `the system has no more watches for files (${code}), so the folders are polled, which is slower`;
  return { message, hint: `raise the limit: sysctl ${sysctl}=524288` };
}
