import type { EngineClient } from "../engine/client.ts";
import { type Labelled, listLabelled } from "../reconcile/observe.ts";
import { tryLock } from "./project-lock.ts";

/** What can be begun for a project when no more than its name is known, while the rest of its files is being read. */
export interface HeadStart {
  readonly lock: AsyncDisposable;
  /** Asked for under the lock. */
  readonly listed: Promise<Labelled>;
}

/** Locks the project and asks what the engine holds of it. Undefined where somebody else has the project. */
export async function headStart(engine: EngineClient, name: string, verb: string): Promise<HeadStart | undefined> {
  const lock = await tryLock({ engine, name }, verb);
  if (lock === undefined) return undefined;
  const listed = listLabelled(engine, name);
  // Who waits for it hears of the failure; where the files are at fault, nobody does.
  listed.catch(() => {});
  return { lock, listed };
}
