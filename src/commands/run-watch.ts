import { filesOf } from "../compose/files-of.ts";
import { exitCodes, GantryError, ProjectError } from "../errors.ts";
import { openProgress } from "../ui/progress.ts";
import { watchJson, watchLine } from "../ui/watch-lines.ts";
import type { WatchEvent } from "../watch/event.ts";
import { watch } from "../watch/watch.ts";
import { watchFiles } from "../watch/watch-files.ts";
import { reload } from "./reload.ts";
import { bringUp, type UpFlags, type UpRequest } from "./rounds.ts";
import { openProgressFor, styleOf } from "./screen.ts";
import { watchActions } from "./watch-actions.ts";

export interface RunWatchOptions {
  readonly flags: UpFlags & { readonly quiet?: boolean | undefined };
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

/**
 * Watches until the signal is aborted, and writes a line for each event. When the project's own files change, it is loaded
 * again: one in order is brought up and watched from then on, else the old one stays. Answers with the exit code.
 */
export async function runWatch(first: UpRequest, options: RunWatchOptions): Promise<number> {
  const { flags, services, prune, write, signal } = options;
  const view = { style: styleOf(process.stdout, flags), directory: process.cwd() };
  const tell = (event: WatchEvent) => write(flags.json ? watchJson(event) : watchLine(event, view));
  const alone = inTurn();
  let request = first;
  const actions = watchActions({
    request: () => request,
    prune,
    progress: await openProgress({ mode: "quiet", out: process.stderr }),
    signal,
    inTurn: alone,
  });
  while (!signal.aborted) {
    const over = new AbortController();
    let next: UpRequest | undefined;
    await using _ = await watchFiles({
      files: filesOf(request.session.loaded),
      onWarning: (warning) => tell({ type: "warning", ...warning }),
      onChange: async (files) => {
        if (signal.aborted || next !== undefined) return;
        const start = performance.now();
        try {
          const found = await reload(request, flags, services);
          const progress = await openProgressFor(flags, { lines: true });
          await alone(() => bringUp(found, { verb: "watch", flags, yes: false, progress, signal }));
          tell({ type: "model-applied", files, took: performance.now() - start });
          next = found;
          over.abort();
        } catch (reason) {
          if (signal.aborted) return;
          const error = reason instanceof Error ? reason : new Error(String(reason));
          const diagnostics = error instanceof ProjectError ? error.diagnostics : [];
          tell({ type: "model-broken", files, diagnostics, error });
        }
      },
    });
    const ends = AbortSignal.any([signal, over.signal]);
    for await (const event of watch(request.model, request.session.engine, { services, actions, signal: ends })) {
      tell(event);
    }
    request = next ?? request;
  }
  return exitCodes.interrupted;
}

/** Runs one piece of work after the other. */
function inTurn(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => {});
    return next;
  };
}
