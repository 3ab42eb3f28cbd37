import type { Question } from "../reconcile/plan.ts";

/**
 * The ids of the questions that are answered with yes. `yes` answers all of them so; else a terminal is asked, and where
 * there is none nothing is accepted.
 */
export async function askAll(questions: readonly Question[], yes: boolean): Promise<ReadonlySet<string>> {
  if (yes) return new Set(questions.map(({ id }) => id));
  if (questions.length === 0 || process.stdin.isTTY !== true || process.stderr.isTTY !== true) return new Set();
  const { createInterface } = await import("node:readline/promises");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const accepted = new Set<string>();
  try {
    for (const { id, message } of questions) {
      const answer = await terminal.question(`${message} [y/N] `);
      if (/^y(es)?$/i.test(answer.trim())) accepted.add(id);
    }
  } finally {
    terminal.close();
  }
  return accepted;
}
