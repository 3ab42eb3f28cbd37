/** Carries out work in batches: what comes while a batch runs waits and is done together. */

export interface Conveyor<Job> {
  /** Resolves when the batch that the job was in is done; a job's own result is for it to keep. */
  put(job: Job): Promise<void>;
}

/** `work` gets the jobs in the order they came and must not reject for what is the fault of only some of them. */
export function conveyor<Job>(work: (jobs: readonly Job[]) => Promise<void>): Conveyor<Job> {
  let waiting: Job[] = [];
  let next: Promise<void> | undefined;
  let running: Promise<void> = Promise.resolve();

  return {
    put: (job) => {
      waiting.push(job);
      next ??= running.then(async () => {
        // Calls of one turn of the event loop, and of the promises that it settles, come together.
        await new Promise((resolve) => setImmediate(resolve));
        const batch = waiting;
        waiting = [];
        next = undefined;
        const done = work(batch);
        running = done.catch(() => {});
        await done;
      });
      return next;
    },
  };
}
