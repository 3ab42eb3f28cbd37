import { exitCodes } from "../errors.ts";
import { planJson } from "../reconcile/format.ts";
import type { Plan } from "../reconcile/plan.ts";
import type { Answer } from "./answer.ts";
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

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(PlanVerb);
    const services = args.services ?? [];
    const session = await openSession(flags, services);
    const rounds = await planRounds(await prepareUp(session, flags, services), flags);
    if (!flags.json) process.stdout.write(roundsText(rounds));
    const isIdle = rounds.images.steps.length === 0 && rounds.up.steps.length === 0;
    const exitCode = flags["exit-code"] && !isIdle ? exitCodes.changes : exitCodes.ok;
    return { exitCode, data: roundsJson(rounds) };
  }
}

interface Rounds {
  readonly images: Plan;
  readonly up: Plan;
}

/** Both rounds as data. */
export function roundsJson({ images, up }: Rounds): object {
  return { images: planJson(images), up: planJson(up) };
}

/** Both rounds as text, under headings where there is a first one. */
export function roundsText({ images, up }: Rounds): string {
  if (images.steps.length === 0) return planText(up);
  return `first, images:\n${planText(images)}then, as far as it can be known before:\n${planText(up)}`;
}
