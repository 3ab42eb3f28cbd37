/** What one side hands over and the other takes, in order; any amount may wait. */

export interface Queue<T> {
  put(item: T): void;
  /** There is nothing more. */
  end(): void;
  /** Whoever takes is thrown this when all is taken. */
  fail(error: unknown): void;
  /** To be read by one. */
  readonly items: AsyncIterable<T>;
}

export function openQueue<T>(): Queue<T> {
  let waiting: T[] = [];
  let over: { readonly error?: unknown } | undefined;
  let wake = () => {};
  const finish = (how: NonNullable<typeof over>) => {
    over ??= how;
    wake();
  };
  return {
    put: (item) => {
      waiting.push(item);
      wake();
    },
    end: () => finish({}),
    fail: (error) => finish({ error }),
    items: (async function* () {
      for (;;) {
        const taken = waiting;
        waiting = [];
        yield* taken;
        if (waiting.length > 0) continue;
        if (over !== undefined && "error" in over) throw over.error;
        if (over !== undefined) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    })(),
  };
}
