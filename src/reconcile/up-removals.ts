import { nameOf, subjectOf } from "./containers.ts";
import type { ObservedContainer } from "./plan.ts";
import { addStopStep } from "./stop-step.ts";
import type { UpState } from "./up-state.ts";

/** Adds the step that stops an existing container, unless it does not run or is stopped already; its number, if any. */
export function addStop(
  state: UpState,
  container: ObservedContainer,
  why: string,
  after: readonly number[],
): number | undefined {
  const { stopped, freedPorts, options } = state;
  const { Id: id, Ports: ports } = container.summary;
  const known = stopped.get(id);
  if (known !== undefined) return known;
  const step = addStopStep(state.draft, state.model, container, { why, after, timeout: options.timeout });
  if (step === undefined) return undefined;
  stopped.set(id, step);
  for (const { Type: type, PublicPort: port } of ports) if (port !== undefined) freedPorts.set(`${type}/${port}`, step);
  return step;
}

/** Adds the steps that stop and remove an existing container; the number of the last. */
export function addRemoval(
  state: UpState,
  container: ObservedContainer,
  why: string,
  after: readonly number[] = [],
): number {
  const { draft, removed, freedNames } = state;
  const { summary } = container;
  const known = removed.get(summary.Id);
  if (known !== undefined) return known;
  // A stop that was planned for another reason does not wait for what the removal waits for.
  const stopped = state.stopped.get(summary.Id);
  const stop = stopped ?? addStop(state, container, why, after);
  const step = draft.add({
    op: "remove-container",
    container: { id: summary.Id },
    volumes: false,
    subject: subjectOf(container),
    why,
    after: stop === undefined ? after : stop === stopped ? [stop, ...after] : [stop],
  });
  removed.set(summary.Id, step);
  freedNames.set(nameOf(summary), step);
  return step;
}

/** Adds the removal of everything that is too many. */
export function addRemovals(state: UpState): void {
  for (const decisions of state.decisions.values()) {
    for (const decision of decisions) {
      if (decision.fate === "remove") addRemoval(state, decision.container, decision.why);
    }
  }
}
