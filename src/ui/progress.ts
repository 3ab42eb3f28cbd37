import type { Plan, PlanEvent } from "../reconcile/plan.ts";
import { type Change, openChanges } from "./changes.ts";
import { jsonProgress } from "./progress-json.ts";
import { replacementsOf, type Status, statusOf } from "./status.ts";

/** Shows how plans are carried out, one plan after the other. */
export interface ProgressView {
  begin(plan: Plan): void;
  event(event: PlanEvent): void;
  /** Something that is as it should be, without a step: a container that runs already. */
  say(status: Status): void;
  /** The current plan has come to its end: resolves when everything is on the screen. */
  end(): Promise<void>;
}

/** A view that remembers what was done. */
export interface Progress extends ProgressView {
  readonly changes: readonly Change[];
}

/** `json` is docker compose's, `versioned` that of `--json`. */
export type ProgressMode = "auto" | "tty" | "plain" | "json" | "versioned" | "quiet";

export interface ProgressOptions {
  readonly mode: ProgressMode;
  readonly out: NodeJS.WriteStream;
  /** Takes lines in place of `out`, where something else is on the screen beside them. */
  readonly write?: (text: string) => void;
  /** Leaves out what pulls say between beginning and end. */
  readonly quietPull?: boolean;
  /** Leaves out what builds say. */
  readonly quietBuild?: boolean;
}

/** The view for a mode; `auto` is live on a terminal and plain elsewhere. */
export async function openProgress(options: ProgressOptions): Promise<Progress> {
  return remembering(quietened(await openView(options), options));
}

async function openView(options: ProgressOptions): Promise<ProgressView> {
  const { mode, out } = options;
  // A terminal that does not know its width (some CI systems) cannot be drawn on.
  const live = out.isTTY === true && out.columns > 0 && (mode === "tty" || mode === "auto");
  if (live) {
    const { liveProgress } = await import("./progress-live.ts");
    return liveProgress(out);
  }
  const write = options.write ?? ((text: string) => out.write(text));
  if (mode === "versioned") return jsonProgress(write);
  if (mode === "json") return lineProgress(write, jsonLine);
  return lineProgress(write, mode === "quiet" ? () => "" : plainLine());
}

/** Progress as lines: each status is turned into a text, or into nothing. */
export function lineProgress(write: (text: string) => void, line: (status: Status) => string): ProgressView {
  let replacements: ReturnType<typeof replacementsOf> = new Map();
  const say = (status: Status | undefined) => {
    const text = status === undefined ? "" : line(status);
    if (text !== "") write(text);
  };
  return {
    begin: (plan) => {
      replacements = replacementsOf(plan);
    },
    event: (event) => say(statusOf(event, replacements)),
    say,
    end: async () => {},
  };
}

/** What is said of an image when work on it begins; everything else is output of a build. */
const beginnings: ReadonlySet<string> = new Set(["Building", "Checking", "Pulling", "Pushing", "Removing"]);

/**
 * ` Container x  Created`, each change once. Of a build every line is shown, of a pull only its beginning and end. What
 * is wrong with a failed step is told with the error, when everything has come to its end.
 */
export function plainLine(): (status: Status) => string {
  const last = new Map<string, string>();
  return ({ id, parent, text, details, state }) => {
    if (parent !== undefined) return "";
    if (state === "Working" && /^Image /.test(id) && !beginnings.has(text)) {
      return ` ${id}  ${text.trimEnd()}\n`;
    }
    // What follows an error is not done because of it.
    if (last.get(id) === text || last.get(id) === "Error") return "";
    last.set(id, text);
    return ` ${id}  ${text}${details === undefined || state === "Error" ? "" : `: ${details}`}\n`;
  };
}

/** docker compose's NDJSON: `{"id":"Container x","status":"Done","text":"Created"}`. */
export function jsonLine({ id, parent, state, text, details, current, total }: Status): string {
  return `${JSON.stringify({
    id,
    ...(parent !== undefined && { parent_id: parent }),
    status: state,
    text,
    ...(details !== undefined && { details }),
    ...(current !== undefined && { current }),
    ...(total !== undefined && { total }),
    ...(current !== undefined && total !== undefined && total > 0 && { percent: Math.floor((100 * current) / total) }),
  })}\n`;
}

function remembering(view: ProgressView): Progress {
  const { note, all } = openChanges();
  return {
    ...view,
    changes: all,
    event: (event) => {
      note(event);
      view.event(event);
    },
  };
}

function quietened(progress: ProgressView, { quietPull, quietBuild }: ProgressOptions): ProgressView {
  const mute = new Set([...(quietPull ? ["pull-image"] : []), ...(quietBuild ? ["build-image"] : [])]);
  if (mute.size === 0) return progress;
  return {
    ...progress,
    event: (event) => {
      if (event.type !== "progress" || !mute.has(event.step.op)) progress.event(event);
    },
  };
}
