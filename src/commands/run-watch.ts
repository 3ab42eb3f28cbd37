import { setTimeout as pause } from "node:timers/promises";
import { filesOf } from "../compose/files-of.ts";
import { EngineError, exitCodes, GantryError, ProjectError } from "../errors.ts";
import { openProgress } from "../ui/progress.ts";
import { watchJson, watchLine } from "../ui/watch-lines.ts";
import type { WatchEvent } from "../watch/event.ts";
import { openRecord, type WatchRecord } from "../watch/record.ts";
import { watch } from "../watch/watch.ts";
import { watchFiles } from "../watch/watch-files.ts";
import { carryOut } from "./carry-out.ts";
import { reload } from "./reload.ts";
import { bringUp, type UpFlags, type UpRequest } from "./rounds.ts";
import { openProgressFor, styleOf } from "./screen.ts";
import { inTurn, watchActions } from "./watch-actions.ts";

/** A project that is watched, also after a pause. */
export interface WatchedProject {
  /** As it was brought up last. */
  request: UpRequest;
  /** When its files were read for that: unix milliseconds. */
  loadedAt: number;
  readonly record: WatchRecord;
}

export interface RunWatchOptions {
  readonly flags: UpFlags & { readonly quiet?: boolean | undefined };
  readonly services: readonly string[];
  readonly prune: boolean;
  readonly write: (text: string) => void;
  /** Takes the progress of changes of the model; stderr does unless it is given. */
  readonly writeProgress?: (text: string) => void;
  /** Ends the watching. */
  readonly signal: AbortSignal;
}

/** Milliseconds between two questions to an engine that does not answer. */
const patience = 1000;

/** A project that this process has loaded when it started. */
export function watchedProject(request: UpRequest): WatchedProject {
  return { request, loadedAt: performance.timeOrigin, record: openRecord() };
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
 * again: one in order is brought up and watched from then on, else the old one stays. An engine that goes away is waited
 * for. Answers with the exit code.
 */
export async function runWatch(watched: WatchedProject, options: RunWatchOptions): Promise<number> {
  const { flags, services, prune, write, signal } = options;
  const { record } = watched;
  const view = { style: styleOf(process.stdout, flags), directory: process.cwd() };
  const tell = (event: WatchEvent) => write(flags.json ? watchJson(event) : watchLine(event, view));
  const alone = inTurn();
  const quiet = await openProgress({ mode: "quiet", out: process.stderr });
  const actions = watchActions({
    request: () => {
      const { session, up, offers } = watched.request;
      return { engine: session.engine, up, offers, ...session.loaded };
    },
    prune,
    carryOut: (plan, ending) => carryOut(watched.request.session, plan, { progress: quiet, signal: ending }),
    signal,
    inTurn: alone,
  });
  while (!signal.aborted) {
    const over = new AbortController();
    const ends = AbortSignal.any([signal, over.signal]);
    /** Changes of the project's files that the engine could not be told of. */
    let owed: readonly string[] = [];
    const apply = async (files: readonly string[]) => {
      if (ends.aborted) return;
      const start = performance.now();
      const loadedAt = Date.now();
      const held = Promise.withResolvers<void>();
      try {
        const request = await reload(watched.request, flags, services);
        record.held = held.promise;
        const progress = await openProgressFor(flags, { lines: true, write: options.writeProgress });
        await alone(() => bringUp(request, { verb: "watch", flags, yes: false, progress, signal }));
        tell({ type: "model-applied", files, took: performance.now() - start });
        Object.assign(watched, { request, loadedAt });
        over.abort();
      } catch (reason) {
        if (signal.aborted) return;
        const error = reason instanceof Error ? reason : new Error(String(reason));
        const diagnostics = error instanceof ProjectError ? error.diagnostics : [];
        owed = error instanceof EngineError && error.status === undefined ? files : [];
        tell({ type: "model-broken", files, diagnostics, error });
      } finally {
        record.held = undefined;
        held.resolve();
      }
    };
    const reloads = inTurn();
    await using _ = await watchFiles({
      files: filesOf(watched.request.session.loaded),
      since: watched.loadedAt,
      onWarning: (warning) => tell({ type: "warning", ...warning }),
      onChange: (files) => reloads(() => apply(files)),
    });
    const { model, session } = watched.request;
    for (let isLost = false; !ends.aborted; ) {
      try {
        for await (const event of watch(model, session.engine, { services, actions, record, signal: ends })) {
          if (event.type === "ready" && isLost) tell({ type: "engine-back" });
          tell(event);
          if (event.type === "engine-back" && owed.length > 0) void reloads(() => apply(owed));
        }
      } catch (error) {
        // At the very first there is nobody to wait for.
        if (!(error instanceof EngineError) || record.tree === undefined) throw error;
        if (!isLost) tell({ type: "engine-lost", error });
        isLost = true;
        await pause(patience, undefined, { signal: ends }).catch(() => {});
      }
    }
  }
  return exitCodes.interrupted;
}
