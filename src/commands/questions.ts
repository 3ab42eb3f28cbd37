import type { Question } from "../reconcile/plan.ts";
import { askYes, canAsk } from "./ask.ts";

/**
 * The ids of the questions that are answered with yes. `yes` answers all of them so; else a terminal is asked, and where
 * there is none nothing is accepted.
 */
export async function askAll(questions: readonly Question[], yes: boolean): Promise<ReadonlySet<string>> {
  if (yes) return new Set(questions.map(({ id }) => id));
  const accepted = new Set<string>();
  if (questions.length === 0 || !canAsk()) return accepted;
  for (const { id, message } of questions) if (await askYes(message)) accepted.add(id);
  return accepted;
}
