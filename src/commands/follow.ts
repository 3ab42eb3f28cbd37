import type { Engine, EngineEvent } from "../engine/api.ts";
import { EngineError } from "../errors.ts";
import type { LogWriter } from "../ui/log-writer.ts";
import type { StampedPiece } from "../ui/merge.ts";
import { openLog } from "./container-output.ts";
import { drained } from "./screen.ts";

/** Bytes that may wait for a slow reader of ours; then the engine waits too. */
export const mostWaiting = 1024 * 1024;

/** A container whose output is followed; `name` is what stands in front of its lines. */
export interface Followed {
  readonly id: string;
  readonly name: string;
}

export interface Exit extends Followed {
  readonly exitCode: number;
  /** The engine is about to start it again. */
  readonly restarting: boolean;
  /** It was added without output. */
  readonly silent: boolean;
}

export interface FollowOptions {
  readonly engine: Engine;
  readonly project: string;
  readonly writer: LogWriter;
  /** The name for a container that is started later, or undefined when it is of no concern. */
  readonly nameOf: (attributes: Readonly<Record<string, string>>) => string | undefined;
  /** Told of each exit, after the container's last line. */
  readonly onExit?: (exit: Exit) => void;
  readonly signal: AbortSignal;
}

export interface Following {
  /**
   * Passes output on until it ends; without output only the container's exits are told. `running`: the container runs, or
   * is going to be started.
   */
  add(container: Followed, output: AsyncIterable<readonly StampedPiece[]> | undefined, running: boolean): void;
  /** No more containers will be added: `ended` resolves once all that have output have stopped for good. */
  seal(): void;
  /** There may be more again. */
  unseal(): void;
  /** Rejects when the engine fails. */
  readonly ended: Promise<void>;
}

interface State extends Followed {
  /** Only its exits are of interest. */
  readonly silent: boolean;
  /** Output is coming. */
  open: boolean;
  running: boolean;
  /** The exit that is still to be told, once the last line has come. */
  exitCode: number | undefined;
  /** When the last run ended: unix seconds with nanoseconds. */
  diedAt: string | undefined;
}

/**
 * Follows the output of a project's containers over their lives. The engine's events tell when one dies or starts, so a
 * container that is restarted or replaced is picked up again from its first line.
 */
export async function follow(options: FollowOptions): Promise<Following> {
  const { engine, project, writer, nameOf, onExit, signal } = options;
  const states = new Map<string, State>();
  const ended = Promise.withResolvers<void>();
  let sealed = false;

  const label = [`com.docker.compose.project=${project}`, "com.docker.compose.oneoff=False"];
  const filters = { type: ["container"], event: ["start", "die"], label };
  watch(await engine.events({ filters }, { signal })).catch(fail);
  return { add, seal, unseal, ended: ended.promise };

  function add(
    container: Followed,
    output: AsyncIterable<readonly StampedPiece[]> | undefined,
    running: boolean,
  ): void {
    const silent = output === undefined;
    const state = states.get(container.id) ?? {
      silent,
      ...container,
      open: false,
      exitCode: undefined,
      diedAt: undefined,
      running,
    };
    states.set(container.id, state);
    state.running = running;
    if (output === undefined) return;
    state.open = true;
    writer.add(state.name);
    pass(state, output).catch(fail);
  }

  function seal(): void {
    sealed = true;
    endWhenAllStopped();
  }

  function unseal(): void {
    sealed = false;
  }

  async function watch(events: AsyncIterable<EngineEvent>): Promise<void> {
    for await (const event of events) {
      const { ID, Attributes } = event.Actor;
      const state = states.get(ID);
      if (event.Action === "start") started(ID, state, Attributes);
      else if (state !== undefined) {
        state.running = false;
        state.exitCode = Number(Attributes.exitCode ?? 0);
        state.diedAt = `${event.time}.${String(event.timeNano % 1e9).padStart(9, "0")}`;
        await settle(state);
      }
    }
    throw new EngineError("the engine ended its events");
  }

  function started(id: string, state: State | undefined, attributes: Readonly<Record<string, string>>): void {
    const name = state?.name ?? nameOf(attributes);
    if (name === undefined) return;
    if (state !== undefined) state.running = true;
    // Where output of the run before is still coming, its end opens the log of this one.
    if (state?.silent !== true && state?.open !== true) reopen({ id, name }, state?.diedAt);
  }

  function reopen(container: Followed, since: string | undefined): void {
    add(container, openLog(engine, container, { follow: true, ...(since !== undefined && { since }) }, signal), true);
  }

  async function pass(state: State, output: AsyncIterable<readonly StampedPiece[]>): Promise<void> {
    for await (const batch of output) {
      for (const { stream, data, stamp } of batch) writer.data(state.name, stream, data, stamp);
      await drained(process.stdout, mostWaiting);
    }
    writer.end(state.name);
    state.open = false;
    await settle(state);
  }

  /** The output of a run has ended and its exit is known, in either order. */
  async function settle(state: State): Promise<void> {
    if (state.open) return;
    const { exitCode, id, name, silent } = state;
    if (exitCode !== undefined) {
      state.exitCode = undefined;
      if (state.running) {
        onExit?.({ id, name, exitCode, restarting: true, silent });
        if (!silent) reopen(state, state.diedAt);
        return;
      }
      const restarting = await isRestarting(id);
      onExit?.({ id, name, exitCode, restarting, silent });
      // Meanwhile its start may have been seen.
      state.running ||= restarting;
    }
    endWhenAllStopped();
  }

  async function isRestarting(id: string): Promise<boolean> {
    try {
      const { State } = await engine.containerInspect({ id }, { signal });
      return State.Restarting || State.Running;
    } catch (error) {
      if (error instanceof EngineError && error.status === 404) return false;
      throw error;
    }
  }

  function endWhenAllStopped(): void {
    const heard = [...states.values()].filter(({ silent }) => !silent);
    const counted = heard.length > 0 ? heard : [...states.values()];
    if (sealed && counted.every(({ open, running }) => !open && !running)) ended.resolve();
  }

  function fail(error: unknown): void {
    if (signal.aborted) ended.resolve();
    else ended.reject(error);
  }
}
