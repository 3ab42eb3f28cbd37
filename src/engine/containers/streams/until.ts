/** Waiting for what becomes of a container. */

import type { Change, Container } from "../registry.ts";
import { isRunning } from "../state.ts";

/**
 * Resolves when a container's process ends: the one that runs, else the one that is started next. Also when it
 * cannot be started, or is removed.
 */
export function nextEnd(container: Container): { readonly ended: Promise<void>; cancel(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let ran = isRunning(container.record.state);
  const stop = container.listen((change: Change) => {
    if (change === "started") ran = true;
    if (change === "removed" || change === "failed" || (ran && change === "ended")) {
      stop();
      resolve();
    }
  });
  return { ended: promise, cancel: stop };
}
