/** Gathers what comes one by one until it is quiet. */
export interface Batcher<T> {
  add(item: T): void;
  /** Nothing more is handed over. */
  close(): void;
}

export interface BatcherOptions {
  /** Milliseconds without a new item that end a batch. */
  readonly quiet: number;
  /** Milliseconds after the first item at which a batch ends anyway. */
  readonly most: number;
}

/** Hands items over in batches, each item once in a batch; never while the batch before is still being worked on. */
export function openBatcher<T>(
  { quiet, most }: BatcherOptions,
  work: (items: ReadonlySet<T>) => Promise<void>,
): Batcher<T> {
  let items = new Set<T>();
  let timer: NodeJS.Timeout | undefined;
  let since = 0;
  let busy = false;
  let closed = false;

  const schedule = () => {
    clearTimeout(timer);
    timer = undefined;
    if (busy || closed || items.size === 0) return;
    timer = setTimeout(() => void flush(), Math.max(0, Math.min(quiet, since + most - Date.now())));
  };

  const flush = async () => {
    timer = undefined;
    busy = true;
    const batch = items;
    items = new Set();
    await work(batch);
    busy = false;
    schedule();
  };

  return {
    add: (item) => {
      if (items.size === 0) since = Date.now();
      items.add(item);
      schedule();
    },
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}
