import type { Hook } from "../compose/model.ts";
import { EngineError } from "../errors.ts";
import type { WatchEvent } from "./event.ts";
import type { Target } from "./observe-containers.ts";
import type { Operation, Work } from "./operations.ts";
import type { ServiceRecord } from "./record.ts";
import { runCommand } from "./run-command.ts";
import { type SyncMeans, syncContainer } from "./sync-container.ts";

/** What watching asks of whoever knows how to plan. */
export interface WatchActions {
  /**
   * Builds a service's image and replaces its containers, the old ones serving until then. The signal ends the build; once
   * it is built, the rest is carried out. Rejects with what went wrong.
   */
  rebuild(service: string, signal: AbortSignal): Promise<void>;
  /** Restarts a service's containers, and those of services that go along. */
  restart(service: string): Promise<void>;
}

export interface LoopOptions {
  readonly service: string;
  readonly means: SyncMeans;
  readonly actions: WatchActions;
  readonly record: ServiceRecord;
  readonly targets: () => readonly Target[];
  readonly emit: (event: WatchEvent) => void;
  /** Ends the work in good order. */
  readonly signal: AbortSignal;
}

/** The work on one service: batches one behind the other, a build beside them. */
export interface ServiceLoop {
  push(work: Work): void;
  /** A container has started: it gets what it lacks. */
  arrived(): void;
  /** Resolves when nothing is left to be done, builds included. */
  settled(): Promise<void>;
}

/** Milliseconds after which a failed batch is tried again; after the last one it waits for the next change. */
const retries = [200, 1000, 5000];

export function openServiceLoop(options: LoopOptions): ServiceLoop {
  const { service, means, actions, targets, emit, signal } = options;
  const { record } = options;
  const { ledger, reached } = record;
  let pending: Work = { operations: [], restart: false, exec: [] };
  let isPending = false;
  let failures = 0;
  let running: Promise<void> | undefined;
  let building: AbortController | undefined;
  let builds: Promise<void> = Promise.resolve();
  signal.addEventListener("abort", () => building?.abort(signal.reason));

  const run = () => {
    running ??= work().finally(() => {
      running = undefined;
    });
  };

  const work = async () => {
    while (isPending && !signal.aborted) {
      const { rebuild, restart, exec } = pending;
      pending = { operations: [], restart: false, exec: [] };
      isPending = false;
      if (rebuild !== undefined) startBuild(rebuild);
      if (!(await sync())) {
        pending = { ...pending, restart: pending.restart || restart, exec: union(exec, pending.exec) };
        continue;
      }
      for (const hook of exec) await execute(hook);
      // A rebuild replaces the containers in any case.
      if (restart && rebuild === undefined) await restartContainers();
    }
  };

  /** False when the batch has to be tried again. */
  const sync = async (): Promise<boolean> => {
    const start = performance.now();
    const batch = ledger.last;
    const lacking = targets()
      .map(({ id }) => ({ id, delta: ledger.since(reached.get(id) ?? 0) }))
      .filter(({ delta }) => delta.puts.length + delta.removals.length > 0);
    const results = await Promise.allSettled(
      lacking.map(async ({ id, delta }) => {
        await syncContainer(id, delta, means);
        reached.set(id, batch);
      }),
    );
    const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
    const done = lacking.filter((_, i) => results[i]?.status === "fulfilled");
    const [first] = done;
    if (first !== undefined) {
      const { puts, removals } = first.delta;
      const only = puts.length + removals.length === 1 ? (puts[0]?.target ?? removals[0]) : undefined;
      emit({
        type: "synced",
        service,
        written: puts.length,
        removed: removals.length,
        containers: done.length,
        took: performance.now() - start,
        ...(only !== undefined && { target: only }),
      });
    }
    const [error] = errors.filter((each) => !isGone(each));
    if (error === undefined) {
      failures = 0;
      return true;
    }
    const retryIn = retries[failures++];
    emit({ type: "sync-failed", service, error: asError(error), ...(retryIn !== undefined && { retryIn }) });
    if (retryIn === undefined) failures = 0;
    else {
      setTimeout(() => {
        isPending = true;
        run();
      }, retryIn).unref();
    }
    return false;
  };

  const execute = async ({ command, user, privileged, working_dir, environment }: Hook) => {
    const start = performance.now();
    const Cmd = [...(command ?? [])];
    const Env = [...(environment ?? [])].flatMap(([name, value]) => (value === null ? [] : [`${name}=${value}`]));
    const containers = targets();
    const failed = await Promise.all(
      containers.map(async ({ id }) => {
        try {
          const { exitCode, output } = await runCommand(means.engine, id, {
            Cmd,
            Env,
            ...(user !== undefined && { User: user }),
            ...(privileged !== undefined && { Privileged: privileged }),
            ...(working_dir !== undefined && { WorkingDir: working_dir }),
          });
          if (exitCode === 0) return [];
          return [{ error: new EngineError(`exited with code ${exitCode}`), output: output.trimEnd().split("\n") }];
        } catch (error) {
          return isGone(error) ? [] : [{ error: asError(error), output: [] }];
        }
      }),
    );
    const [failure] = failed.flat();
    const about = { service, command: Cmd };
    if (failure !== undefined) emit({ type: "exec-failed", ...about, ...failure });
    else emit({ type: "executed", ...about, containers: containers.length, took: performance.now() - start });
  };

  const restartContainers = async () => {
    const start = performance.now();
    try {
      await actions.restart(service);
      emit({ type: "restarted", service, took: performance.now() - start });
    } catch (error) {
      if (!signal.aborted) emit({ type: "restart-failed", service, error: asError(error) });
    }
  };

  const startBuild = (because: string) => {
    building?.abort();
    const mine = new AbortController();
    building = mine;
    record.rebuild = because;
    builds = builds.then(async () => {
      if (mine.signal.aborted || signal.aborted) return;
      const start = performance.now();
      emit({ type: "rebuild-started", service, because });
      try {
        await actions.rebuild(service, mine.signal);
        if (building === mine) record.rebuild = undefined;
        emit({ type: "rebuilt", service, took: performance.now() - start });
      } catch (error) {
        if (signal.aborted) return;
        if (mine.signal.aborted) emit({ type: "rebuild-cancelled", service });
        else {
          record.rebuild = undefined;
          emit({ type: "rebuild-failed", service, error: asError(error) });
        }
      } finally {
        if (building === mine) building = undefined;
      }
    });
  };

  return {
    push: (added) => {
      ledger.add(added.operations);
      pending = merge(pending, added);
      isPending = true;
      run();
    },
    arrived: () => {
      isPending = true;
      run();
    },
    settled: async () => {
      while (running !== undefined || building !== undefined) await Promise.all([running, builds]);
    },
  };
}

function merge(before: Work, added: Work): Work {
  const rebuild = before.rebuild ?? added.rebuild;
  return {
    operations: noOperations,
    restart: before.restart || added.restart,
    exec: union(before.exec, added.exec),
    ...(rebuild !== undefined && { rebuild }),
  };
}

/** Operations are in the ledger as soon as they come. */
const noOperations: readonly Operation[] = [];

function union(before: readonly Hook[], added: readonly Hook[]): readonly Hook[] {
  return [...new Set([...before, ...added])];
}

/** Whether a container went away, or stopped: when it, or its successor, starts, it gets what it lacks. */
function isGone(error: unknown): boolean {
  return (
    error instanceof EngineError &&
    (error.status === 404 ? /container/i.test(error.message) : /is not running/i.test(error.message))
  );
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
