import { setTimeout as pause } from "node:timers/promises";
import type { Engine } from "../engine/api.ts";

/** A running container of a watched service. */
export interface Target {
  readonly id: string;
  readonly service: string;
}

export interface ContainerObservation {
  /** The running containers of a service, as far as the engine has told. */
  of(service: string): readonly Target[];
}

export interface ContainerListeners {
  /** Told of each container that starts running later on. */
  readonly onStart: (target: Target) => void;
  /** The engine does not answer any more; told once, until it is back. */
  readonly onLost: (error: Error) => void;
  readonly onBack: () => void;
}

const serviceLabel = "com.docker.compose.service";
/** Milliseconds between two questions to an engine that has gone away. */
const patience = 500;

/**
 * Knows the running containers of a project from one list and the engine's events after it. When the engine goes away
 * (it is restarted), both are asked for again until it answers.
 *
 * @throws EngineError when the engine does not answer at the beginning
 */
export async function observeContainers(
  engine: Engine,
  project: string,
  signal: AbortSignal,
  { onStart, onLost, onBack }: ContainerListeners,
): Promise<ContainerObservation> {
  const running = new Map<string, Target>();
  const label = [`com.docker.compose.project=${project}`, "com.docker.compose.oneoff=False"];

  /** Asks for the containers, and gives what tells of them from then on; rejects when that ends. */
  const follow = async (): Promise<() => Promise<void>> => {
    const filters = { type: ["container"], event: ["start", "die", "destroy"], label };
    const events = await engine.events({ filters }, { signal });
    const listed = await engine.containerList({ filters: { label, status: ["running"] } }, { signal });
    running.clear();
    for (const { Id: id, Labels } of listed) running.set(id, { id, service: Labels[serviceLabel] ?? "" });
    return async () => {
      for await (const { Action, Actor } of events) {
        const target = { id: Actor.ID, service: Actor.Attributes[serviceLabel] ?? "" };
        if (Action !== "start") running.delete(target.id);
        else {
          running.set(target.id, target);
          onStart(target);
        }
      }
      throw new Error("the engine ended its events");
    };
  };

  const comeBack = async (): Promise<() => Promise<void>> => {
    for (;;) {
      await pause(patience, undefined, { signal });
      const next = await follow().catch(() => undefined);
      if (next !== undefined) return next;
    }
  };

  const keep = async (first: () => Promise<void>) => {
    for (let events = first; ; events = await comeBack()) {
      if (events !== first) onBack();
      const error = await events().catch((reason: unknown) => reason);
      if (signal.aborted) return;
      onLost(error instanceof Error ? error : new Error(String(error)));
    }
  };
  keep(await follow()).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return { of: (service) => [...running.values()].filter((target) => target.service === service) };
}
