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

const serviceLabel = "com.docker.compose.service";

/**
 * Knows the running containers of a project from one list and the engine's events after it. When the engine goes away
 * (it is restarted), both are asked for again until it answers.
 *
 * @param onStart told of each container that starts running later on
 */
export async function observeContainers(
  engine: Engine,
  project: string,
  signal: AbortSignal,
  onStart: (target: Target) => void,
): Promise<ContainerObservation> {
  const running = new Map<string, Target>();
  const label = [`com.docker.compose.project=${project}`, "com.docker.compose.oneoff=False"];

  const follow = async (announce: boolean): Promise<AsyncIterable<unknown>> => {
    const filters = { type: ["container"], event: ["start", "die", "destroy"], label };
    const events = await engine.events({ filters }, { signal });
    const listed = await engine.containerList({ filters: { label, status: ["running"] } });
    const before = new Set(running.keys());
    running.clear();
    for (const { Id: id, Labels } of listed) {
      const target = { id, service: Labels[serviceLabel] ?? "" };
      running.set(id, target);
      if (announce && !before.has(id)) onStart(target);
    }
    return (async function* () {
      for await (const { Action, Actor } of events) {
        if (Action === "start") {
          const target = { id: Actor.ID, service: Actor.Attributes[serviceLabel] ?? "" };
          running.set(Actor.ID, target);
          onStart(target);
        } else running.delete(Actor.ID);
        yield Action;
      }
    })();
  };

  const first = await follow(false);
  const keep = async () => {
    let events = first;
    for (;;) {
      try {
        for await (const _ of events);
      } catch {
        // Asked for again below.
      }
      if (signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, 1000));
      if (signal.aborted) return;
      events = await follow(true).catch(() => (async function* () {})());
    }
  };
  void keep();
  return { of: (service) => [...running.values()].filter((target) => target.service === service) };
}
