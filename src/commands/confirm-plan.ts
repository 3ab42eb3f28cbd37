import { UsageError } from "../errors.ts";
import { paintPlan } from "../ui/paint-plan.ts";
import { askYes, canAsk } from "./ask.ts";
import { roundsText } from "./plan.ts";
import { planRounds, type UpFlags, type UpRequest } from "./rounds.ts";
import { styleOf } from "./screen.ts";

/**
 * Shows what would be done, in colour on a terminal, and asks whether it shall be. Where nothing is to be done, nothing is
 * asked. Throws UsageError where nobody can be asked.
 */
export async function confirmPlan(request: UpRequest, flags: UpFlags & { readonly yes?: boolean }): Promise<boolean> {
  const rounds = await planRounds(request, flags);
  if (rounds.images.steps.length === 0 && rounds.up.steps.length === 0) return true;
  process.stderr.write(paintPlan(roundsText(rounds), styleOf(process.stderr, flags)));
  if (flags.yes) return true;
  if (!canAsk()) {
    throw new UsageError("--confirm needs a terminal to ask", { hint: "give --yes too, or look at `gantry plan`" });
  }
  return askYes("Carry this out?");
}
