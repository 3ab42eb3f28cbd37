/** Waits for a container to end or to be gone. */

import type { CallOptions } from "../api.ts";
import type { Change, Container } from "./registry.ts";
import { isRunning } from "./state.ts";

export type WaitCondition = "not-running" | "next-exit" | "removed";

/** The exit code. `accepted` is called when the wait is in force; an aborted `signal` rejects with its reason. */
export function waitFor(
  container: Container,
  condition: WaitCondition,
  { signal, accepted }: CallOptions,
): Promise<{ StatusCode: number }> {
  const answer = () => ({ StatusCode: container.record.state.exitCode });
  const { state } = container.record;
  if (condition === "not-running" && !isRunning(state) && state.status !== "restarting") {
    accepted?.();
    return Promise.resolve(answer());
  }
  return new Promise((resolve, reject) => {
    const end = () => {
      stop();
      signal?.removeEventListener("abort", abort);
    };
    const abort = () => {
      end();
      reject(signal?.reason);
    };
    const stop = container.listen((change: Change) => {
      if (change === "removed" || (change === "ended" && condition !== "removed")) {
        end();
        resolve(answer());
      }
    });
    signal?.addEventListener("abort", abort, { once: true });
    if (signal?.aborted === true) return abort();
    accepted?.();
  });
}
