import { catchInterrupt } from "./interrupts.ts";
import { roundsText } from "./plan.ts";
import { bringUp, planRounds, type RoundOptions, type UpRequest } from "./rounds.ts";
import { openProgressFor } from "./screen.ts";

export interface DetachedOptions extends Pick<RoundOptions, "verb" | "yes"> {
  readonly flags: RoundOptions["flags"] & Parameters<typeof openProgressFor>[0];
}

/** Brings a project up and does not stay for its output; with `--dry-run` the plan is only printed. Throws as bringUp does. */
export async function bringUpDetached(request: UpRequest, { verb, flags, yes }: DetachedOptions): Promise<void> {
  if (flags["dry-run"]) {
    process.stdout.write(roundsText(await planRounds(request, flags), flags.json === true));
    return;
  }
  using interrupt = catchInterrupt();
  await bringUp(request, { verb, flags, yes, progress: await openProgressFor(flags), signal: interrupt.signal });
}
