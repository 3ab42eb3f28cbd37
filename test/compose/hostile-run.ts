/**
 * A process of its own for hostile.test.ts: loads every hostile project and prints one line of JSON for each. Its memory is
 * its own, and where it does not end, it can be ended.
 *
 *   node test/compose/hostile-run.ts SIZE
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "../../src/compose/load.ts";
import { ProjectError } from "../../src/errors.ts";
import { renderDiagnostics } from "../../src/ui/diagnostics.ts";
import { hostileProjects } from "./hostile.ts";

/** What a hostile project was answered with. */
export interface Answer {
  readonly name: string;
  /** `model`, the code of the first error, or the stack of what should not have been thrown. */
  readonly outcome: string;
  /** Processor time in milliseconds. */
  readonly time: number;
  /** Characters of what the user sees. */
  readonly shown: number;
}

if (import.meta.main) {
  const root = mkdtempSync(join(tmpdir(), "gantry-hostile-"));
  for (const [name, make] of hostileProjects(Number(process.argv[2]))) {
    const directory = join(root, "project");
    mkdirSync(directory);
    for (const [path, content] of Object.entries(make())) writeFileSync(join(directory, path), content);
    const before = process.cpuUsage();
    const { outcome, shown } = await outcomeOf(directory);
    const { user, system } = process.cpuUsage(before);
    const answer: Answer = { name, outcome, shown, time: (user + system) / 1000 };
    process.stdout.write(`${JSON.stringify(answer)}\n`);
    rmSync(directory, { recursive: true });
  }
  rmSync(root, { recursive: true });
  process.stdout.write(`${JSON.stringify({ polluted: "polluted" in {} })}\n`);
}

async function outcomeOf(cwd: string): Promise<{ outcome: string; shown: number }> {
  try {
    await load({ cwd, environment: new Map([["HOME", "/home/user"]]) });
    return { outcome: "model", shown: 0 };
  } catch (error) {
    if (!(error instanceof ProjectError))
      return { outcome: String(error instanceof Error ? error.stack : error), shown: 0 };
    const text = renderDiagnostics(error.diagnostics, { style: (_, shown) => shown, directory: cwd });
    return {
      outcome: error.diagnostics.find(({ severity }) => severity === "error")?.code ?? "none",
      shown: text.length,
    };
  }
}
