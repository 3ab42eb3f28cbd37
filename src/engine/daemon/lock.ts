/** One daemon for a data root. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import path from "node:path";
import { EngineError } from "../../errors.ts";

/**
 * Locks a data root until this process ends, however it ends. Node has no flock(2), so flock(1) takes the lock on our own
 * open file: a lock belongs to the open file description, which stays ours. Throws EngineError where another daemon holds
 * it.
 */
export async function lockDataRoot(dataRoot: string): Promise<void> {
  const file = path.join(dataRoot, "lock");
  const handle = await open(file, "a", 0o600);
  const flock = spawn("flock", ["--exclusive", "--nonblock", "3"], {
    stdio: ["ignore", "ignore", "ignore", handle.fd],
  });
  const [exitCode] = await once(flock, "exit");
  if (exitCode === 0) {
    // Kept open for good: were the handle collected, the lock would be gone.
    held.push(handle);
    return;
  }
  await handle.close();
  throw new EngineError(`another daemon uses the data root ${dataRoot}`, {
    hint: "stop it, or give this one another --data-root and --exec-root",
  });
}

const held: unknown[] = [];
