import type { Engine } from "../engine/api.ts";
import type { Delta } from "./ledger.ts";
import { readBatch } from "./read-batch.ts";
import { type Removers, removeFiles } from "./remove-files.ts";

export interface SyncMeans {
  readonly engine: Engine;
  /** The engine takes removals in the tar. */
  readonly whiteouts: boolean;
  readonly removers: Removers;
  readonly onUnreadable: (file: string, error: unknown) => void;
  /** Paths stay in a container, because its image has no program that removes files. */
  readonly onKept: (targets: readonly string[]) => void;
}

/**
 * Brings what a container lacks into it: one tar for all of it. What is written belongs to the container's own user, as
 * with docker compose; folders that are missing are made by the engine. Throws what the engine answers.
 */
export async function syncContainer(id: string, delta: Delta, means: SyncMeans): Promise<void> {
  const { engine, whiteouts, removers, onUnreadable, onKept } = means;
  if (!whiteouts && delta.removals.length > 0) {
    // What is new must not wait for what cannot go.
    if (!(await removeFiles(engine, id, delta.removals, removers))) onKept(delta.removals);
  }
  if (delta.puts.length === 0 && !whiteouts) return;
  await engine.containerArchivePut({
    id,
    path: "/",
    noOverwriteDirNonDir: true,
    copyUIDGID: true,
    ...(whiteouts && { whiteouts }),
    stream: readBatch(delta, { whiteouts, onUnreadable }),
  });
}
