/** What happened: the engine's events, the last ones kept, and handed to whoever listens. */

import type { EngineEvent, Labels } from "../api.ts";

/** How many events are kept for listeners that ask for the past. */
const kept = 256;
/** How many events a listener may be behind before its stream is ended: a silent gap would be worse. */
const patience = 4096;

export interface EventLog {
  /** Tells what happened to a thing; the time is now. */
  publish(type: string, action: string, id: string, attributes: Labels): void;
  /** Every event from now on, and with `since` those of the kept ones that are not older (nanoseconds of Unix time). */
  listen(options: { readonly since?: bigint; readonly signal?: AbortSignal }): AsyncIterable<EngineEvent>;
}

export function openEventLog(now: () => bigint): EventLog {
  const ring: EngineEvent[] = [];
  const listeners = new Set<(event: EngineEvent) => void>();

  return {
    publish: (Type, Action, ID, Attributes) => {
      const nano = now();
      const sorted = Object.fromEntries(Object.entries(Attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
      const event: EngineEvent = {
        Type,
        Action,
        Actor: { ID, Attributes: sorted },
        scope: "local",
        time: Number(nano / 1_000_000_000n),
        timeNano: Number(nano),
      };
      ring.push(event);
      if (ring.length > kept) ring.shift();
      for (const listener of listeners) listener(event);
    },
    listen: ({ since, signal }) => {
      // Registered at once, not at the first read: nothing is lost in between.
      const waiting = since === undefined ? [] : ring.filter(({ timeNano }) => BigInt(timeNano) >= since);
      let wake = () => {};
      let over = signal?.aborted === true;
      const listener = (event: EngineEvent) => {
        if (waiting.length >= patience) end();
        else waiting.push(event);
        wake();
      };
      const end = () => {
        over = true;
        listeners.delete(listener);
        wake();
      };
      if (!over) listeners.add(listener);
      signal?.addEventListener("abort", end, { once: true });
      return (async function* () {
        try {
          for (;;) {
            const event = waiting.shift();
            if (event !== undefined) yield event;
            else if (over) return;
            else await new Promise<void>((resolve) => (wake = resolve));
          }
        } finally {
          end();
          signal?.removeEventListener("abort", end);
        }
      })();
    },
  };
}
