/** Threads for work that would hold up all else that the daemon does: started when there is none free, kept while there is much to do. */

import { existsSync } from "node:fs";
import path from "node:path";
import { Worker } from "node:worker_threads";

export interface Threads {
  /** One that has nothing to do, and keeps the process alive until it is given back. */
  take(): Worker;
  /** One that has done what it was to do. One that is gone is forgotten. */
  giveBack(thread: Worker): void;
}

/**
 * @param source a thread's first file
 * @param bundle the file that is made of it, beside the daemon's own
 * @param idleTime a thread that has nothing to do for so long, milliseconds, is ended
 */
export function openThreads(source: string, bundle: string, idleTime: number): Threads {
  const free: Worker[] = [];
  const idle = new Map<Worker, NodeJS.Timeout>();
  const gone = new WeakSet<Worker>();
  const start = (): Worker => {
    const bundled = path.join(import.meta.dirname, bundle);
    // Where nothing is bundled, the source itself.
    const thread = new Worker(existsSync(bundled) ? bundled : source);
    // Whoever waits for it hears of it too.
    thread.on("error", () => {});
    thread.once("exit", () => {
      gone.add(thread);
      clearTimeout(idle.get(thread));
      idle.delete(thread);
      const place = free.indexOf(thread);
      if (place !== -1) free.splice(place, 1);
    });
    return thread;
  };
  return {
    take: () => {
      const thread = free.pop() ?? start();
      clearTimeout(idle.get(thread));
      thread.ref();
      return thread;
    },
    giveBack: (thread) => {
      if (gone.has(thread)) return;
      thread.unref();
      idle.set(thread, setTimeout(() => void thread.terminate(), idleTime).unref());
      free.push(thread);
    },
  };
}
