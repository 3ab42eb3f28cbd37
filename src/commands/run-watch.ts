import { exitCodes, GantryError } from "../errors.ts";
import { openProgress } from "../ui/progress.ts";
import { watchJson, watchLine } from "../ui/watch-lines.ts";
import { watch } from "../watch/watch.ts";
import type { Globals } from "./global-flags.ts";
import type { UpRequest } from "./rounds.ts";
import { styleOf } from "./screen.ts";
import { watchActions } from "./watch-actions.ts";

export interface RunWatchOptions {
  readonly flags: Globals;
  readonly services: readonly string[];
  readonly prune: boolean;
  readonly write: (text: string) => void;
  /** Ends the watching. */
  readonly signal: AbortSignal;
}

/** Throws GantryError when none of the chosen services has anything to watch. */
export function checkWatchable({ model }: UpRequest, services: readonly string[]): void {
  const chosen = [...model.services.values()].filter(({ name }) => services.length === 0 || services.includes(name));
  if (chosen.some(({ develop }) => (develop?.watch?.length ?? 0) > 0)) return;
  throw new GantryError("none of the selected services is configured for watch", {
    hint: "give a service a `develop` section with `watch` rules",
  });
}

/** Watches until the signal is aborted, and writes a line for each event. Answers with the exit code. */
export async function runWatch(request: UpRequest, options: RunWatchOptions): Promise<number> {
  const { flags, services, prune, write, signal } = options;
  const { session } = request;
  const view = { style: styleOf(process.stdout, flags), directory: process.cwd() };
  const actions = watchActions({
    request: () => request,
    prune,
    progress: await openProgress({ mode: "quiet", out: process.stderr }),
    signal,
    inTurn: inTurn(),
  });
  for await (const event of watch(request.model, session.engine, { services, actions, signal })) {
    write(flags.json ? watchJson(event) : watchLine(event, view));
  }
  return exitCodes.interrupted;
}

function inTurn(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => {});
    return next;
  };
}
