import { exitCodes } from "../errors.ts";
import { planJson } from "../reconcile/format.ts";
import type { Plan } from "../reconcile/plan.ts";
import { planText } from "./carry-out.ts";
import { planningFlags } from "./planning-flags.ts";
import { planRounds, prepareUp } from "./rounds.ts";
import { openSession } from "./session.ts";
import { Flags, serviceArgs, Verb } from "./verb.ts";

/** `gantry plan`: what `up` would do, and why. Changes nothing. */
export default class PlanVerb extends Verb {
  static override summary = "Show what up would do, and why";
  static override args = serviceArgs;
  static override flags = {
    "exit-code": Flags.boolean({ description: "exit with 2 when there is something to do" }),
    ...planningFlags,
  };

  async run(): Promise<number> {
    const { flags, args } = await this.parse(PlanVerb);
    const services = args.services ?? [];
    const session = await openSession(flags, services);
    const rounds = await planRounds(await prepareUp(session, flags, services), flags);
    process.stdout.write(roundsText(rounds, flags.json === true));
    const isIdle = rounds.images.steps.length === 0 && rounds.up.steps.length === 0;
    return flags["exit-code"] && !isIdle ? exitCodes.changes : exitCodes.ok;
  }
}

/** Both rounds, as text under headings where there is a first one, or as one JSON object. */
export function roundsText({ images, up }: { readonly images: Plan; readonly up: Plan }, json: boolean): string {
  if (json) return `${JSON.stringify({ images: planJson(images), up: planJson(up) }, null, 2)}\n`;
  if (images.steps.length === 0) return planText(up);
  return `first, images:\n${planText(images)}then, as far as it can be known before:\n${planText(up)}`;
}
