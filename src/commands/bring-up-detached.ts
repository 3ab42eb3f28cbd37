import { catchInterrupt } from "./interrupts.ts";
import { roundsJson, roundsText } from "./plan.ts";
import { bringUp, planRounds, type RoundOptions, type UpFlags, type UpRequest } from "./rounds.ts";
import { openProgressFor } from "./screen.ts";

export interface DetachedOptions extends Pick<RoundOptions, "verb" | "yes" | "headStart"> {
  readonly flags: RoundOptions["flags"] & Parameters<typeof openProgressFor>[0];
}

/**
 * Brings a project up and does not stay for its output; with `--dry-run` the plan is only printed. Answers with what was
 * changed, or with the plan. Throws as bringUp does.
 */
export async function bringUpDetached(request: UpRequest, options: DetachedOptions) {
  const { flags } = options;
  if (flags["dry-run"]) return showRounds(request, flags);
  using interrupt = catchInterrupt();
  const progress = await openProgressFor(flags);
  await bringUp(request, { ...options, progress, signal: interrupt.signal });
  return { data: { changes: progress.changes } };
}

/** What `--dry-run` prints of both rounds, and answers. */
export async function showRounds(request: UpRequest, flags: UpFlags) {
  const rounds = await planRounds(request, flags);
  if (!flags.json) process.stdout.write(roundsText(rounds));
  return { data: roundsJson(rounds) };
}
