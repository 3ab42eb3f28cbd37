import type { PlanEvent } from "../reconcile/plan.ts";
import { envelope } from "./envelope.ts";
import type { ProgressView } from "./progress.ts";

/** Progress as lines of `--json`: a `step` for each beginning and end of a step, a `progress` for what is said meanwhile. */
export function jsonProgress(write: (text: string) => void): ProgressView {
  return {
    begin: () => {},
    event: (event) => write(lineOf(event)),
    say: ({ id, state, text, details }) =>
      write(envelope("progress", { ...subjectOf(id), state, text, ...(details !== undefined && { details }) })),
    end: async () => {},
  };
}

/** `Container shop-web-1` as the subject of a step is written. */
function subjectOf(id: string): { readonly kind?: string; readonly name: string } {
  const [, kind, name] = /^(Container|Network|Volume|Image|Service|Model) (.+)$/.exec(id) ?? [];
  return kind === undefined || name === undefined ? { name: id } : { kind: kind.toLowerCase(), name };
}

const states = { started: "started", succeeded: "done", failed: "failed", skipped: "skipped" } as const;

function lineOf(event: PlanEvent): string {
  const { op: action, subject } = event.step;
  const { kind, name, service } = subject;
  const what = { action, kind, name, ...(service !== undefined && { service }) };
  if (event.type === "progress") {
    const { text, id, current, total } = event;
    return envelope("progress", {
      ...what,
      ...(id !== undefined && { part: id }),
      text,
      ...(current !== undefined && { current }),
      ...(total !== undefined && { total }),
    });
  }
  if (event.type === "warned") return envelope("progress", { ...what, state: "Warning", text: event.text });
  return envelope("step", {
    ...what,
    state: states[event.type],
    why: event.step.why,
    ...(event.type === "failed" && { message: event.error.message }),
  });
}
